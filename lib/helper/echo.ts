import { spawn } from "node:child_process";

/** True when the address answers an ICMP echo within the time; by `ping`, which is on every host. */
export const echo = (address: string, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
    const child = spawn("ping", ["-n", "-q", "-c", "1", "-W", seconds, "--", address], { stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const end = (answered: boolean) => {
      clearTimeout(timer);
      resolve(answered);
    };
    child.once("exit", (code) => end(code === 0));
    child.once("error", () => end(false));
  });
