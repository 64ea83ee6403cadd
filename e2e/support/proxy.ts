import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP relay between browser and server, for tests that cut the line for real. */
export interface Proxy {
  readonly url: string;
  /** Ends every connection and refuses new ones, as a server that is gone. */
  stop(): Promise<void>;
  /** Takes connections and bytes, and passes nothing on, as a cable that is pulled somewhere between. */
  freeze(): void;
  /** As at the beginning. What was frozen is lost with its connections. */
  mend(): Promise<void>;
}

export async function openProxy(port: number, target: string): Promise<Proxy> {
  const { hostname, port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  let frozen = false;

  const relay = (from: Socket, to: Socket) => {
    from.on("data", (chunk) => {
      if (!frozen) to.write(chunk);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      if (!frozen) to.destroy();
    });
    sockets.add(from);
  };
  const server = createServer((browser) => {
    const upstream = connect(Number(targetPort), hostname);
    relay(browser, upstream);
    relay(upstream, browser);
  });

  const listen = async () => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = async () => {
    drop();
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  await listen();
  return {
    url: `http://127.0.0.1:${port}`,
    stop,
    freeze: () => {
      frozen = true;
    },
    async mend() {
      frozen = false;
      drop();
      if (!server.listening) await listen();
    },
  };
}
