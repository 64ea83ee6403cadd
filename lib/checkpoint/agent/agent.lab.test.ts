import path from "node:path";
import { describe, expect, it } from "vitest";
import type { AgentClient, CaptureMessage, Taken } from "./testing/agent-client.ts";
import { agentRig, type RigGuest, until } from "./testing/agent-rig.ts";
import { withDisk, writeDisk, writeSaveImage } from "./testing/rebuild.ts";

const rig = agentRig("cp", ["cp-a", "cp-b"]);
const guest = (index = 0): RigGuest => {
  const found = rig.guests[index];
  if (!found) throw new Error("there is no such guest");
  return found;
};

let count = 0;
const of = (method: string, base?: Taken, it = guest()): CaptureMessage => ({
  checkpoint: `ckp_${process.pid}_${++count}`,
  ...{ vm: "vm_1", uuid: it.uuid, organization: null, base: base?.facts.checkpoint ?? null, method },
});
const state = (it = guest()) => rig.onHost("virsh", "domstate", it.name);
const runs = (it = guest()) =>
  until("the guest runs", async () => {
    if ((await state(it)) !== "running") throw new Error(await state(it));
  });
/** Ends an agent as the loss of its connection does, and waits until it is gone from the host. */
async function gone(agent: AgentClient): Promise<void> {
  agent.close();
  await until("the agent is gone", () =>
    rig.onHost("sh", "-c", "! pgrep -f '^node /var/lib/libvirt/belay-host/belay-agent'"),
  );
}

/** Starts the guest anew from what was captured: memory, devices and disk. */
async function restore(taken: Taken, it = guest()): Promise<void> {
  const [disk] = taken.facts.disks;
  if (!disk) throw new Error("it has no disk");
  const at = (name: string) => ({
    here: path.join(rig.shared, `${taken.facts.checkpoint}.${name}`),
    there: `/srv/belay-shared/${taken.facts.checkpoint}.${name}`,
  });
  const [raw, save] = [at("raw"), at("save")];
  await writeDisk(taken, disk.volume, raw.here);
  const xml = withDisk(taken.facts.domainXml, disk.path, raw.there);
  await rig.onHost("virsh", "destroy", it.name);
  if (taken.facts.streamHead === null) {
    const file = at("xml");
    await (await import("node:fs/promises")).writeFile(file.here, xml);
    await rig.onHost("virsh", "create", file.there);
    return;
  }
  await writeSaveImage(taken, save.here, xml);
  await rig.onHost("virsh", "restore", save.there);
}

describe("a capture", () => {
  it.each(["background", "live"])(
    "%s: the second is small, and a guest goes on from what was captured",
    async (method) => {
      const { agent } = await rig.start();
      const boot = await rig.bootId(guest());
      const first = await agent.capture(of(method));
      await rig.onGuest(guest(), "echo before > /var/word; sync");
      const second = await agent.capture(of(method, first), first);
      expect(second.facts.base).toBe(first.facts.checkpoint);
      expect(second.sentBytes).toBeLessThan(first.sentBytes / 10);
      await rig.onGuest(guest(), "echo after > /var/word; sync");
      await restore(second);
      await until("it answers", () => rig.bootId(guest()));
      expect(await rig.bootId(guest())).toBe(boot);
      expect((await rig.onGuest(guest(), "echo 3 > /proc/sys/vm/drop_caches; cat /var/word")).trim()).toBe("before");
      // The run is another one, with other bitmaps: what the table still knows is enough.
      const third = await agent.capture(of(method, second), second);
      expect(third.facts.base).toBe(second.facts.checkpoint);
      expect(third.sentBytes).toBeLessThan(first.sentBytes / 2);
      expect(await rig.left(guest())).toBe("");
      await gone(agent);
    },
  );

  it("stop: the guest goes on, and was saved whole", async () => {
    const { agent } = await rig.start();
    const boot = await rig.bootId(guest());
    const taken = await agent.capture(of("stop"));
    expect(await until("it answers", () => rig.bootId(guest()))).toBe(boot);
    await restore(taken);
    expect(await until("it answers", () => rig.bootId(guest()))).toBe(boot);
    expect(await rig.left(guest())).toBe("");
    await gone(agent);
  });

  it("disk-only: a guest boots from it", async () => {
    const { agent } = await rig.start();
    await rig.onGuest(guest(), "echo disk > /var/word; sync");
    const boot = await rig.bootId(guest());
    const first = await agent.capture(of("disk-only"));
    const taken = await agent.capture(of("disk-only", first), first);
    await restore(taken);
    const now = await until("it boots", async () => {
      const found = await rig.bootId(guest());
      if (found === boot) throw new Error("it is still the old one");
      return found;
    });
    expect(now).not.toBe(boot);
    const word = await until("it lets us in", () => rig.onGuest(guest(), "cat /var/word"));
    expect(word.trim()).toBe("disk");
    await gone(agent);
  });

  it("goes on from the disks' bitmaps when a new agent knows nothing of the memory", async () => {
    const one = await rig.start();
    const first = await one.agent.capture(of("background"));
    await gone(one.agent);
    const { agent, swept } = await rig.start();
    expect(swept).toBe("");
    const second = await agent.capture(of("background", first), first);
    expect(second.facts.base).toBe(first.facts.checkpoint);
    expect(second.volumes.get("disk/vda")?.pages.map.size).toBeGreaterThan(1000);
    await restore(second);
    await until("it answers", () => rig.bootId(guest()));
    await gone(agent);
  });

  it("of several VMs holds all, then takes all", async () => {
    const { agent } = await rig.start();
    const begun = await Promise.all(
      [guest(0), guest(1)].map((it) => agent.begin({ ...of("background", undefined, it), kind: "prepare" })),
    );
    await Promise.all(begun.map(({ next }) => next("prepared")));
    await Promise.all(begun.map(({ serial }) => agent.ask("done", { kind: "hold", of: serial })));
    await Promise.all(begun.map(({ serial }) => agent.ask("done", { kind: "go", of: serial })));
    const taken = await Promise.all(begun.map((it) => agent.taken(it)));
    expect(taken.map(({ volumes }) => volumes.has("memory/pc.ram"))).toEqual([true, true]);
    // All stood still at the same time.
    const ends = taken.map(({ end }) => end.at + end.pauseMs);
    expect(Math.max(...taken.map(({ end }) => end.at))).toBeLessThan(Math.min(...ends));
    await Promise.all([runs(guest(0)), runs(guest(1))]);
    await gone(agent);
  });
});

describe("a guest is never left standing", () => {
  const held = async (agent: AgentClient) => {
    const begun = await agent.begin({ ...of("background"), kind: "prepare" });
    await begun.next("prepared");
    await agent.ask("done", { kind: "hold", of: begun.serial });
    return begun;
  };

  it("when nobody says go", async () => {
    const { agent } = await rig.start();
    const begun = await held(agent);
    await expect(begun.next("done")).rejects.toThrow("let go");
    await runs();
    expect(await rig.left(guest())).toBe("");
    await gone(agent);
  });

  it("when the engine goes away", async () => {
    const { agent } = await rig.start();
    await held(agent);
    await gone(agent);
    expect(await state()).toBe("running");
    expect(await rig.left(guest())).toBe("");
  });

  it("when the agent is killed: by the next one", async () => {
    const { agent } = await rig.start();
    await held(agent);
    await rig.onHost("pkill", "-KILL", "-f", "^node /var/lib/libvirt/belay-host/belay-agent");
    await agent.closed;
    expect(await state()).toBe("paused");
    const next = await rig.start();
    expect(next.swept).toContain("the guest was let go");
    expect(await state()).toBe("running");
    expect(await rig.left(guest())).toBe("");
    await gone(next.agent);
  });

  /** One that is held and let go step by step, as those of groups are. */
  const groupMember = async (agent: AgentClient) => {
    const begun = await held(agent);
    await agent.ask("done", { kind: "go", of: begun.serial });
    return begun;
  };
  const takenAlone = (agent: AgentClient) => agent.begin({ kind: "capture", ...of("background") });

  it.each([
    ["taken", takenAlone],
    ["taken with a group", groupMember],
  ] as const)("when the agent is killed while memory and disks are %s", async (_, begin) => {
    const { agent } = await rig.start();
    const begun = await begin(agent);
    await begun.next("facts");
    await rig.onHost("pkill", "-KILL", "-f", "^node /var/lib/libvirt/belay-host/belay-agent");
    await agent.closed;
    const next = await rig.start();
    expect(next.swept).toContain("cp-a");
    await runs();
    expect(await rig.left(guest())).toBe("");
    await next.agent.capture(of("background"));
    await gone(next.agent);
  });

  it("when the agent is killed together with whoever would read QEMU's stream after it", async () => {
    const { agent } = await rig.start();
    const begun = await groupMember(agent);
    await begun.next("running");
    await rig.onHost("pkill", "-KILL", "-f", "^node /var/lib/libvirt/belay-host/belay-agent|^sh -c read -r told");
    await agent.closed;
    const next = await rig.start();
    expect(next.swept).toContain("cp-a");
    await until("it answers", () => rig.bootId(guest()));
    expect(await rig.left(guest())).toBe("");
    await next.agent.capture(of("background"));
    await gone(next.agent);
  });

  it("when the agent is killed while it stands at the end of a copy", async () => {
    const work = "/var/lib/libvirt/belay-host/work";
    const { uuid, name } = guest();
    await rig.onHost(
      "sh",
      "-c",
      `mkdir -p ${work}; printf "ckp_x live" > ${work}/${uuid}.capturing; : > ${work}/${uuid}.held`,
    );
    const command = (execute: string, args: object) =>
      rig.onHost("virsh", "qemu-monitor-command", name, JSON.stringify({ execute, arguments: args }));
    await command("migrate-set-capabilities", {
      capabilities: [{ capability: "pause-before-switchover", state: true }],
    });
    // It hears nothing, as a socket does not whose reader was killed: all that is left to be written would fit into it.
    const reader = `require("net").createServer((s) => s.resume()).listen("${work}/${uuid}.sock")`;
    await rig.onHost("sh", "-c", `setsid node -e '${reader}' > /dev/null 2>&1 < /dev/null & sleep 1`);
    await command("migrate", { uri: `unix:${work}/${uuid}.sock` });
    await until("it stands", async () => {
      if ((await command("query-migrate", {})).includes("pre-switchover")) return;
      throw new Error(await command("query-migrate", {}));
    });
    const { agent, swept } = await rig.start();
    await rig.onHost("pkill", "-KILL", "-f", "^node -e require");
    expect(swept).toContain(name);
    expect(await state()).toBe("running");
    await until("it answers", () => rig.bootId(guest()));
    expect(await rig.left(guest())).toBe("");
    await agent.capture(of("background"));
    await gone(agent);
  });

  it("when the link is cut in mid-capture, or the capture is called off", async () => {
    const one = await rig.start();
    await (await one.agent.begin({ kind: "capture", ...of("background") })).next("facts");
    await gone(one.agent);
    await runs();
    expect(await rig.left(guest())).toBe("");
    const { agent } = await rig.start();
    const begun = await agent.begin({ kind: "capture", ...of("background") });
    await begun.next("facts");
    await agent.ask("done", { kind: "cancel", of: begun.serial });
    await expect(begun.next("done")).rejects.toThrow("called off");
    await runs();
    expect(await rig.left(guest())).toBe("");
    await gone(agent);
  });

  it("but one that a person paused stays paused, and is not captured", async () => {
    const one = await rig.start();
    await rig.onHost("virsh", "suspend", guest().name);
    const { offer } = await one.agent.ask("offer", { kind: "probe", uuid: guest().uuid });
    expect(offer.method).toBeNull();
    await expect(one.agent.capture(of("background"))).rejects.toThrow("does not run");
    await one.agent.ask("done", { kind: "sweep", uuid: guest().uuid });
    await gone(one.agent);
    const { agent } = await rig.start();
    expect(await state()).toBe("paused");
    expect(await rig.left(guest())).toBe("");
    await rig.onHost("virsh", "resume", guest().name);
    await gone(agent);
  });
});

describe("the newest agent", () => {
  it("takes over from one that nobody told of its end", async () => {
    const old = await rig.start();
    const { agent } = await rig.start();
    await old.agent.closed;
    const { offer } = await agent.ask("offer", { kind: "probe", uuid: guest().uuid });
    expect(offer).toMatchObject({ method: "background", words: "" });
    await gone(agent);
  });
});
