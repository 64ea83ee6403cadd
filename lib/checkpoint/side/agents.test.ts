import { type Duplex, duplexPair } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { type Connection, connect } from "../../libvirt/index.ts";
import { FakeHost } from "../../libvirt/testing/index.ts";
import { idSource } from "../../model/index.ts";
import { quiet } from "../testing/fake-agent.ts";
import { Link, wireVersion } from "../wire/index.ts";
import { Agents } from "./agents.ts";
import { standbyReady } from "./restore.ts";
import type { HostShell } from "./shell.ts";

const host = idSource(Date.now, Math.random).next("hst");
const uuid = "11111111-2222-4333-8444-555555555555";
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const it of open.splice(0)) await it.close();
});

/** Agents that say hello and nothing more, on a host with one domain that runs. */
async function rig(options: { readonly mute?: boolean } = {}) {
  const fake = new FakeHost();
  const domain = fake.add("g1", uuid);
  fake.become(domain, "running", "booted", "started", "booted");
  domain.id = 1;
  const libvirt: Connection = await connect({ dialer: fake.server.dialer() });
  const links: Link[] = [];
  const state = { stands: true, breaks: false };
  const shell: HostShell = {
    exec: () => Promise.reject(new Error("no commands here")),
    libvirt: () => libvirt,
    stands: () => state.stands,
    spawn: async (): Promise<Duplex> => {
      if (state.breaks) throw new Error("no such program");
      const [ours, theirs] = duplexPair();
      const link: Link = new Link(theirs, theirs, {
        onMessage: ({ serial }) =>
          options.mute ? undefined : link.send({ kind: "ready", serial, wire: wireVersion, version: "t", swept: "" }),
        onPages: () => undefined,
      });
      links.push(link);
      return ours;
    },
  };
  const agents = new Agents({ shell, place: async () => ["agent"], log: quiet });
  open.push(agents, libvirt);
  return { fake, domain, agents, links, state };
}

test("one agent is started for all who ask, and another one when it has ended", async () => {
  const { agents, links } = await rig();
  const [a, b] = await Promise.all([agents.of(host), agents.of(host)]);
  expect(a).toBe(b);
  links[0]?.close();
  await a.closed;
  expect(await agents.of(host)).not.toBe(a);
  expect(links).toHaveLength(2);
});

test("a host that is not connected has not said that no replica stands by there", async () => {
  const { agents, state } = await rig();
  state.stands = false;
  await expect(standbyReady({ agents }, host, uuid, "ckp_1")).rejects.toMatchObject({ name: "HostUnreachable" });
});

test("a guest that an agent held when it was killed is let go by us, and the next agent is started to sweep", async () => {
  const { agents, links, fake, domain } = await rig();
  const ended = agents.holding(host, uuid, async () => {
    const conversation = await agents.of(host);
    fake.become(domain, "paused", "user", "suspended", "paused");
    links[0]?.close();
    await conversation.closed;
    await expect.poll(() => links.length).toBe(2);
  });
  await ended;
  expect(domain.state).toBe("running");
});

test("the next agent is started until it has swept, also where the first tries fail", async () => {
  const { agents, links, state } = await rig();
  await agents.holding(host, uuid, async () => {
    const conversation = await agents.of(host);
    state.breaks = true;
    links[0]?.close();
    await conversation.closed;
    await expect(agents.of(host)).rejects.toMatchObject({ name: "HostUnreachable" });
    state.breaks = false;
    await expect.poll(() => links.length, { timeout: 4_000 }).toBe(2);
  });
});

test("a guest that stands for another reason is left alone", async () => {
  const { agents, links, fake, domain } = await rig();
  const conversation = await agents.of(host);
  fake.become(domain, "paused", "user", "suspended", "paused");
  links[0]?.close();
  await conversation.closed;
  await new Promise((resolve) => setImmediate(resolve));
  expect(domain.state).toBe("paused");
});

test("a host without a connection is not asked, and one where it does not start not at once again", async () => {
  const { agents, state, links } = await rig();
  state.stands = false;
  await expect(agents.of(host)).rejects.toMatchObject({ name: "HostUnreachable" });
  state.stands = true;
  state.breaks = true;
  await expect(agents.of(host)).rejects.toMatchObject({ message: expect.stringContaining("no such program") });
  state.breaks = false;
  await expect(agents.of(host)).rejects.toMatchObject({ message: expect.stringContaining("no such program") });
  expect(links).toHaveLength(0);
  await expect
    .poll(() =>
      agents.of(host).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
});
