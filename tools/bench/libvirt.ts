import { createGuest } from "../../lab/index.ts";
import { type Connection, connect, SshConnection, sshDialer } from "../../lib/libvirt/index.ts";
import { whole } from "./flags.ts";
import { memoryPerConnection } from "./libvirt/memory.ts";
import { virshOverSsh } from "./libvirt/virsh.ts";
import { summary } from "./stats.ts";
import { measurement } from "./types.ts";

const callsPerRun = 200;
const pipelinedCalls = 5000;
const connections = 1000;
/** Active and inactive: what `virsh list --all` asks for. */
const allDomains = { need_results: 1, flags: 3 } as const;

const msOf = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};

/** Calls a second when none waits for another's answer; the connection's own bound of calls under way holds. */
async function pipelinedPerSecond(connection: Connection): Promise<number> {
  const ms = await msOf(async () => {
    for (let sent = 0; sent < pipelinedCalls; sent += 500) {
      await Promise.all(Array.from({ length: 500 }, () => connection.call("connect_list_all_domains", allDomains)));
    }
  });
  return Math.round((pipelinedCalls / ms) * 1000);
}

export const bench = measurement({
  name: "libvirt",
  summary:
    "the list of a host's domains: our call over one kept SSH connection, `virsh list --all` over a new one, in turn; memory of 1,000 connections",
  flags: { runs: whole("N", 20, `turns; each has one of virsh and ${callsPerRun} of ours`) },
  async run({ log, lab: openLab, signal, onEnd }, { runs }) {
    const lab = await openLab({ hosts: 1 });
    const [host] = lab.hosts;
    if (host === undefined) throw new Error("the lab has no host");
    const guest = await createGuest(lab.name, { name: "listed", host: host.name, start: false });

    const ssh = new SshConnection({
      host: host.address,
      username: "root",
      hostKeySha256: host.hostKeySha256,
      privateKey: { file: lab.identityFile },
    });
    onEnd(() => ssh.close());
    const connection = await connect({ dialer: sshDialer(ssh), signal });
    onEnd(() => connection.close());
    const ours = () => connection.call("connect_list_all_domains", allDomains);
    const virsh = await virshOverSsh(lab, host, { signal, onEnd });

    const [listed, printed] = [await ours(), await virsh("list", "--all", "--name")];
    if (listed.domains[0]?.name !== guest.name || printed.trim() !== guest.name)
      throw new Error(`both should list ${guest.name}: ${JSON.stringify(listed)}, ${printed}`);

    const callMs: number[] = [];
    const virshMs: number[] = [];
    for (let run = 0; run < runs; run++) {
      for (let call = 0; call < callsPerRun; call++) callMs.push(await msOf(ours));
      virshMs.push(await msOf(() => virsh("list", "--all", "--name")));
      log(`run ${run + 1}/${runs}: virsh ${virshMs.at(-1)?.toFixed(0)} ms, ours ${callMs.at(-1)?.toFixed(2)} ms`);
    }
    const pipelinedCallsPerSecond = await pipelinedPerSecond(connection);
    log(`pipelined: ${pipelinedCallsPerSecond} calls a second`);
    const rssPerConnectionKiB = await memoryPerConnection(connections, { signal, onEnd });
    log(`memory: ${rssPerConnectionKiB.toFixed(1)} KiB a connection`);

    const [call, old] = [summary(callMs), summary(virshMs)];
    return {
      callMs: call,
      virshMs: old,
      virshRatio: call.p50 && old.p50 ? Number((old.p50 / call.p50).toFixed(1)) : null,
      pipelinedCallsPerSecond,
      rssPerConnectionKiB: Number(rssPerConnectionKiB.toFixed(1)),
      connections,
      comparedWith: "`virsh -c qemu+ssh://… list --all --name`, each over a new SSH connection, run by run in turn",
      target: "callMs.p50 ≤ 3, virshRatio ≥ 50, rssPerConnectionKiB ≤ 256",
    };
  },
});
