import { once } from "node:events";
import { createServer } from "node:net";
import { Failure } from "../kit/failure.ts";

/** Says now that the port is taken, not after a minute of set-up. The server itself has the last word. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EADDRINUSE")
      throw new Failure(`port ${port} of ${host} is taken by another program`, `PORT=${port + 1} npm start`, { cause });
    if (code === "EACCES")
      throw new Failure(`port ${port} may not be used by this account`, "PORT=3000 npm start", { cause });
    throw new Failure(`${host}:${port} cannot be used (${code})`, "HOST=127.0.0.1 npm start", { cause });
  }
  server.close();
  await once(server, "close");
}
