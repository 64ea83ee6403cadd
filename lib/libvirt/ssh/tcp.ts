import { createConnection, type Socket } from "node:net";
import { whenAborted } from "../deadline.ts";
import { aborted, RpcError } from "../errors.ts";

/** Opens a TCP connection with small packets sent at once: each of our calls is one, and waits for its answer. */
export function openTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = `SSH host ${host}:${port}`;
    const socket = createConnection({ host, port, noDelay: true });
    const forget = whenAborted(signal, () => {
      socket.destroy();
      reject(aborted(target, signal));
    });
    socket.once("connect", () => {
      forget();
      resolve(socket);
    });
    // Stays for the socket's life: an error without a listener would end the process.
    socket.on("error", (cause) => {
      forget();
      reject(new RpcError("DialFailed", `${target}: ${cause.message}`, { cause }));
    });
  });
}
