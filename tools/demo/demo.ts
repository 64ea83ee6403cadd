import { setTimeout as sleep } from "node:timers/promises";
import {
  type ApplicationView,
  applicationView,
  type CloudView,
  cloudView,
  enrolHostReply,
  fenceDeviceView,
  type HostView,
  hostView,
  type VmView,
  vmView,
} from "../../lib/contract/index.ts";
import { Failure } from "../kit/failure.ts";
import type { OperatorClient } from "../operator/client.ts";

/** A host as it was made: whoever made it knows its key. */
export interface DemoHost {
  readonly name: string;
  readonly uri: string;
  readonly hostKeySha256: string;
  /** Its power switch, and the directory that it shares with the others: what its guests need to come back elsewhere. */
  readonly fence: { readonly agent: string; readonly options: Readonly<Record<string, string>> };
  readonly sharedPaths: readonly string[];
}

/** A guest that runs on one of the hosts, and how it answers. */
export interface DemoGuest {
  readonly name: string;
  readonly answerCheck: VmView["answerCheck"];
}

export interface DemoOptions {
  readonly client: OperatorClient;
  readonly hosts: readonly DemoHost[];
  readonly guests: readonly DemoGuest[];
  say(words: string): void;
  readonly adoptWithinMs?: number;
  readonly signal?: AbortSignal;
}

/** Whose the guests are. A guest of another name is enrolled and belongs to nobody. */
const applications = [
  { organization: "Aster", application: "shop", guests: ["web-1", "web-2"] },
  { organization: "Birch", application: "blog", guests: ["web-3"] },
] as const;

const lookEveryMs = 200;
const fenceTimeoutMs = 10_000;

/**
 * Enrols the hosts by the API that `npm run host` uses, waits until Belay has taken over their guests, and says whose each is. What is
 * there already stays as people left it, so it can run at every start.
 */
export async function demo(options: DemoOptions): Promise<void> {
  const { client, guests, say } = options;
  const look = () => client.ask("GET", "/cloud", cloudView);
  const before = await look();
  const hosts: HostView[] = [];
  for (const host of options.hosts) {
    const watched = await enrol(client, before, host, say);
    await makeSafe(client, watched, host, say);
    hosts.push(watched);
  }
  const shown = new Set<string>(hosts.map(({ id }) => id));
  const wanted = guests.filter(({ name }) => plan(name) !== undefined);
  const cloud = await untilAdopted(look, (vm) => shown.has(vm.hostId ?? ""), wanted, options);
  for (const guest of wanted) {
    const vm = cloud.vms.find(({ name, hostId }) => name === guest.name && shown.has(hostId ?? ""));
    if (vm !== undefined) await assign(client, vm, guest, say);
  }
}

const plan = (guest: string) => applications.find(({ guests }) => guests.some((name) => name === guest));

async function enrol(
  client: OperatorClient,
  cloud: CloudView,
  { name, uri, hostKeySha256 }: DemoHost,
  say: (words: string) => void,
): Promise<HostView> {
  const known = cloud.hosts.find((host) => host.uri === uri);
  if (known?.hostKeySha256 === hostKeySha256) return known;
  if (known !== undefined) {
    say(`${known.name} was made anew: the old one is forgotten`);
    await client.remove(`/hosts/${known.id}`);
  }
  const body = { uri, name, approvedHostKeySha256: hostKeySha256, faultInjection: true };
  const { host } = await client.ask("POST", "/hosts", enrolHostReply, body);
  say(`${host.name} is watched`);
  return host;
}

/** The power switch first, the directory last: a host with one that people took away since is left as it is. */
async function makeSafe(
  client: OperatorClient,
  { id, name, sharedPaths }: HostView,
  demo: DemoHost,
  say: (words: string) => void,
): Promise<void> {
  if (sharedPaths.length > 0) return;
  const { fenceDevices } = await client.ask("GET", "/cloud", cloudView);
  if (!fenceDevices.some(({ hostId }) => hostId === id)) {
    const device = { position: 1, ...demo.fence, timeoutMs: fenceTimeoutMs };
    await client.ask("POST", `/hosts/${id}/fence-devices`, fenceDeviceView, device);
  }
  await client.ask("PATCH", `/hosts/${id}`, hostView, { sharedPaths: demo.sharedPaths });
  say(`${name} has a power switch and shared disks`);
}

async function untilAdopted(
  look: () => Promise<CloudView>,
  ours: (vm: VmView) => boolean,
  wanted: readonly DemoGuest[],
  { adoptWithinMs = 60_000, signal, say }: DemoOptions,
): Promise<CloudView> {
  let said = -1;
  for (const until = Date.now() + adoptWithinMs; ; ) {
    const cloud = await look();
    const missing = wanted.filter(({ name }) => !cloud.vms.some((vm) => vm.name === name && ours(vm)));
    if (missing.length === 0) return cloud;
    const names = missing.map(({ name }) => name).join(", ");
    if (missing.length !== said) say(`waiting until Belay has taken over ${names}`);
    said = missing.length;
    if (Date.now() > until)
      throw new Failure(
        `Belay did not take over ${names} within ${adoptWithinMs / 1000} s.`,
        `Look at the hosts: ${cloud.hosts.map(({ name, state, stateWords }) => `${name} ${state}${stateWords === null ? "" : ` (${stateWords})`}`).join(", ")}`,
      );
    await sleep(lookEveryMs, undefined, signal ? { signal } : {});
  }
}

/** The customer's application; made if it is not there. */
async function applicationFor(client: OperatorClient, guest: string): Promise<ApplicationView> {
  const cloud = await client.ask("GET", "/cloud", cloudView);
  const chosen = plan(guest);
  const organization = cloud.organizations.find(({ name }) => name === chosen?.organization);
  if (chosen === undefined || organization === undefined)
    throw new Failure(`There is no customer ${chosen?.organization}.`, "Start with an empty BELAY_DATA directory.");
  const name = chosen.application;
  const known = cloud.applications.find((it) => it.organizationId === organization.id && it.name === name);
  return (
    known ?? (await client.ask("POST", "/applications", applicationView, { organizationId: organization.id, name }))
  );
}

/** Its owner lets it be started on another host. A VM that somebody has given to somebody already stays theirs. */
async function assign(
  client: OperatorClient,
  vm: VmView,
  { name, answerCheck }: DemoGuest,
  say: (words: string) => void,
): Promise<void> {
  if (vm.organizationId !== null) return;
  const application = await applicationFor(client, name);
  const to = { applicationId: application.id, answerCheck, consent: "relocate" };
  await client.ask("PATCH", `/vms/${vm.id}`, vmView, to);
  say(`${name} belongs to ${application.name}, and may be started on another host`);
}
