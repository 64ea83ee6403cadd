import { createConnection } from "node:net";
import { aborted, RpcError } from "../errors.ts";
import type { Dialer } from "./dialer.ts";

export const systemSocketPath = "/var/run/libvirt/libvirt-sock";

/** Dials a daemon on this machine, by its unix socket. */
export function unixDialer(path: string = systemSocketPath): Dialer {
  const target = `unix:${path}`;
  return {
    target,
    dial: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(aborted(target, signal));
        const socket = createConnection({ path });
        const stop = () => {
          socket.destroy();
          reject(aborted(target, signal));
        };
        signal.addEventListener("abort", stop, { once: true });
        socket.once("connect", () => {
          signal.removeEventListener("abort", stop);
          resolve(socket);
        });
        socket.on("error", (cause: NodeJS.ErrnoException) => {
          signal.removeEventListener("abort", stop);
          const cure = cause.code === "ENOENT" ? "; is libvirtd running there?" : "";
          reject(new RpcError("DialFailed", `${target}: ${cause.message}${cure}`, { cause }));
        });
      }),
  };
}
