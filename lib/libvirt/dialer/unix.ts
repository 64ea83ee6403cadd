import { createConnection } from "node:net";
import { whenAborted } from "../deadline.ts";
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
        const socket = createConnection({ path });
        const forget = whenAborted(signal, () => {
          socket.destroy();
          reject(aborted(target, signal));
        });
        socket.once("connect", () => {
          forget();
          resolve(socket);
        });
        socket.on("error", (cause: NodeJS.ErrnoException) => {
          forget();
          const cure = cause.code === "ENOENT" ? "; is libvirtd running there?" : "";
          reject(new RpcError("DialFailed", `${target}: ${cause.message}${cure}`, { cause }));
        });
      }),
  };
}
