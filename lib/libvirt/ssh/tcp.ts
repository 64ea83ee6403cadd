import { createConnection, type Socket } from "node:net";
import { aborted, RpcError } from "../errors.ts";

/** Opens a TCP connection with small packets sent at once: each of our calls is one, and waits for its answer. */
export function openTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = `SSH host ${host}:${port}`;
    if (signal.aborted) {
      reject(aborted(target, signal));
      return;
    }
    const socket = createConnection({ host, port, noDelay: true });
    const stop = () => {
      socket.destroy();
      reject(aborted(target, signal));
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("connect", () => {
      signal.removeEventListener("abort", stop);
      resolve(socket);
    });
    // Stays for the socket's life: an error without a listener would end the process.
    socket.on("error", (cause) => {
      signal.removeEventListener("abort", stop);
      reject(new RpcError("DialFailed", `${target}: ${cause.message}`, { cause }));
    });
  });
}
