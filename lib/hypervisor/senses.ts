import type { HostSenses } from "../engine/ports.ts";
import { isRpcError } from "../libvirt/index.ts";
import { asking } from "./errors.ts";
import type { HostLinks } from "./links.ts";
import { restartScript } from "./restart-script.ts";
import { sshTarget } from "./target.ts";

const restartTimeoutMs = 30_000;
/** What the way to the peer and back may take beside the echo itself. */
const wayMs = 500;

/** How hosts look from here, and from each other, over the kept SSH connections. */
export const createSenses = (links: HostLinks): HostSenses => ({
  heardAt: (host) => links.find(host)?.heardAt(),

  async reachedFrom(peer, target, timeoutMs) {
    const link = links.find(peer);
    if (link?.ssh.state !== "open") return undefined;
    // Echoes are sent until the first is answered: one that is lost on the way is no dead host.
    const everySeconds = String(Math.max(0.2, timeoutMs / 2500));
    const ping = ["ping", "-n", "-q", "-c", "1", "-i", everySeconds, "-w", String(Math.ceil(timeoutMs / 1000))];
    const argv = ["timeout", String(timeoutMs / 1000), ...ping, "--", sshTarget(target.uri).host];
    try {
      const { code } = await link.ssh.exec(argv, { timeoutMs: timeoutMs + wayMs });
      // 0: answered. 1: not answered, 124: not in time. Anything else says that nothing was asked: no ping there, a name unknown.
      return code === 0 ? true : code === 1 || code === 124 ? false : undefined;
    } catch (error) {
      if (isRpcError(error)) return undefined;
      throw error;
    }
  },

  async sshAnswers(host, timeoutMs) {
    const link = links.find(host);
    if (link === undefined) return false;
    try {
      return (await link.ssh.exec(["true"], { timeoutMs })).code === 0;
    } catch (error) {
      if (isRpcError(error)) return false;
      throw error;
    }
  },

  restartLibvirtd: (host) =>
    asking(async () => {
      const { ssh } = links.of(host);
      const { code, stdout, stderr } = await ssh.exec(["sh", "-c", restartScript], { timeoutMs: restartTimeoutMs });
      const said = (code === 0 ? stdout : stderr).trim().split("\n").at(-1)?.slice(0, 300) ?? "";
      return code === 0
        ? {
            done: said !== "answers",
            words: said === "answers" ? "It answers by itself again." : `Started by ${said}.`,
          }
        : { done: false, words: said === "" ? "It did not start and said nothing." : `It did not start: ${said}` };
    }),
});
