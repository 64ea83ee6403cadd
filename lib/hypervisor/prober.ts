import { spawn } from "node:child_process";
import { connect } from "node:net";
import type { Hypervisor, Prober } from "../engine/ports.ts";

/** True when a TCP connection is accepted within the time. Nothing is sent. */
export const tcpAnswers = (address: string, port: number, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answered: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });

/** True when an ICMP echo is answered within the time. By `ping`, which may send one without being root. */
export const icmpAnswers = (address: string, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const waitSeconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    const child = spawn("ping", ["-n", "-q", "-c", "1", "-W", String(waitSeconds), address], { stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const end = (answered: boolean) => {
      clearTimeout(timer);
      resolve(answered);
    };
    child.once("exit", (code) => end(code === 0));
    child.once("error", () => end(false));
  });

/** Asks guests over the network, or their agent through the host's connection. */
export const createProber = ({ hypervisor }: { hypervisor: Pick<Hypervisor, "agentAnswers"> }): Prober => ({
  answers(vm, check, timeoutMs) {
    switch (check.kind) {
      case "agent":
        return hypervisor.agentAnswers(vm.hostId, vm.uuid, timeoutMs).catch(() => false);
      case "icmp":
        return icmpAnswers(check.address, timeoutMs);
      case "tcp":
        return tcpAnswers(check.address, check.port, timeoutMs);
    }
  },
});
