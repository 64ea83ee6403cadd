import path from "node:path";
import { listGuests, readLab } from "../../lab/index.ts";
import { hostExamination } from "../../lib/contract/index.ts";
import { demoCloud } from "../../lib/sim/index.ts";
import { projectDir } from "../kit/project.ts";
import type { OperatorClient } from "../operator/client.ts";
import type { DemoOptions } from "./demo.ts";

/** Where the demo's hosts and guests come from. */
export type Places = Pick<DemoOptions, "hosts" | "guests">;

/** A lab's hosts that are on and connected, with the keys that the lab gave them, and the guests that run there. */
export async function labPlaces(name: string, say: (words: string) => void): Promise<Places> {
  const [lab, guests] = await Promise.all([readLab(name), listGuests(name)]);
  const hosts = lab.hosts.filter(({ power, link }) => power === "on" && link === "up");
  for (const host of lab.hosts.filter((one) => !hosts.includes(one)))
    say(`${host.name} is ${host.power === "off" ? "off" : "cut off"}: left out`);
  const shown = new Set(hosts.map((host) => host.name));
  return {
    hosts: hosts.map(({ name: plug, uri, hostKeySha256 }) => ({
      ...{ name: plug, uri, hostKeySha256 },
      fence: { agent: path.join(projectDir, "lab/fence-belay-lab"), options: { lab: name, plug } },
      sharedPaths: ["/srv/belay-shared"],
    })),
    guests: guests
      .filter(({ seen }) => seen.some(({ host, state }) => shown.has(host) && state === "running"))
      .map((guest) => ({ name: guest.name, answerCheck: { kind: "tcp", address: guest.address, port: 80 } })),
  };
}

/** The simulated cloud's own. Nobody can compare a key that is none: what it shows is approved, and its guests answer by their agents. */
export async function simulatedPlaces(client: OperatorClient): Promise<Places> {
  const hosts = await Promise.all(
    demoCloud.hosts.map(async ({ name }) => {
      const uri = `simulated://${name}`;
      const { hostKeySha256 } = await client.ask("POST", "/hosts/examine", hostExamination, { uri });
      const fence = { agent: "fence_sim", options: { host: name } };
      return { name, uri, hostKeySha256, fence, sharedPaths: ["/srv/belay"] };
    }),
  );
  const guests = demoCloud.hosts.flatMap(({ vms = [] }) => vms);
  return { hosts, guests: guests.map(({ name }) => ({ name, answerCheck: { kind: "agent" } })) };
}
