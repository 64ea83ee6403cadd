import { isPassing } from "../api/index.ts";
import { type ServerSpec, startOrder } from "../description/index.ts";
import { type Act, type Health, ManagerError } from "../servers.ts";
import type { Opened } from "../work/index.ts";
import type { ManagerIo, Result } from "./io.ts";
import { vmsPlanned } from "./vm-plan.ts";

type ForUp = Pick<
  Opened,
  "description" | "records" | "api" | "imageIdOf" | "provision" | "workshop" | "hands" | "applicationId"
>;

/** Makes the VMs, deploys and starts the servers. Cut off anywhere, the next run goes on; where all is there, nothing is done. */
export async function bringUpAll(work: ForUp, io: ManagerIo): Promise<Result> {
  const { description, provision, workshop } = work;
  const begun = performance.now();
  const acting = (say: (detail: string) => void): Act => ({
    signal: io.signal,
    progress: (percent, words) => say(percent === null ? words : `${Math.floor(percent)} %, ${words}`),
  });

  await io.board.phase("provider", async () => {
    await work.applicationId();
    return `knows the application ${description.application.name}`;
  });

  const planned = await vmsPlanned(work);
  const made = planned.vms.filter(({ does }) => does === "make").map(({ vm }) => vm);
  const changed = planned.vms.filter(({ does }) => does === "changed");
  await io.board.phase("VMs", async (say) => {
    const act = acting(say);
    await all(description.vms.map(async (vm) => void (await provision.allocate(vm, act))));
    return made.length === 0 ? "all there" : `made ${made.join(", ")}`;
  });

  const servers = startOrder(description);
  const due: string[] = [];
  for (const server of servers) if ((await workshop.due(server)).length > 0) due.push(server.name);
  let part = "";
  await io.board.phase("servers", async (say) => {
    await workshop.put(servers, {
      signal: io.signal,
      onPart: (now, percent, words) => {
        if (now !== part) io.board.line(`  ${now}`);
        part = now;
        say(`${now} ${percent} %, ${words}`);
      },
    });
    return due.length === 0 ? "all as described" : `deployed ${due.join(", ")}`;
  });

  const { health, bad } = await verified(work, io, acting);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  return {
    data: { application: description.application.name, made, deployed: due, health, seconds: Number(seconds) },
    lines: [
      ...changed.map(({ vm, words }) => `${vm} ${words}`),
      ...bad.map(({ server, words }) => `${server} does not work: ${words}`),
      bad.length === 0
        ? `${description.application.name} is up: ${servers.length} servers on ${description.vms.length} VMs, after ${seconds} s.`
        : `${bad.length} of ${servers.length} servers do not work.`,
    ],
    next:
      bad.length === 0
        ? "belay-manager run FILE stays and takes part in repairs."
        : "look at the servers that do not work, then belay-manager up FILE again: what is done stays done.",
    ok: bad.length === 0,
  };
}

/** Said to have failed where a server does not work; the result tells which. */
async function verified(
  { description, hands }: ForUp,
  io: ManagerIo,
  acting: (say: (detail: string) => void) => Act,
): Promise<{ readonly health: readonly Verified[]; readonly bad: readonly Verified[] }> {
  let health: readonly Verified[] = [];
  const bad = () => health.filter(({ ok }) => !ok);
  await io.board
    .phase("verify", async (say) => {
      const act = acting(say);
      const look = async (server: ServerSpec) => ({ server: server.name, ...(await hands.health(server, act)) });
      health = await Promise.all(startOrder(description).map(look));
      if (bad().length > 0)
        throw new ManagerError({
          code: "still-down",
          message: `${bad().length} of ${health.length} servers do not work.`,
        });
    })
    .catch((error: unknown) => {
      if (!(error instanceof ManagerError && error.code === "still-down")) throw error;
    });
  return { health, bad: bad() };
}
type Verified = Health & { readonly server: string };

/** All of them to their end: the first failure is told when the others have ended, for they may be run again. */
async function all(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  const worst = failures.find((error) => !isPassing(error)) ?? failures[0];
  if (worst !== undefined) throw worst;
}
