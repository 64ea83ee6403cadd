import { connect, createServer, type Server } from "node:net";

/** In the host's abstract namespace: it is gone with the process that has it, however that ended. */
const defaultName = "\0belay-agent";
const tellMs = 20_000;

function listen(name: string, onAsked: () => void): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume(); // its end is ours: the next one waits for it
      onAsked();
    });
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(name, () => resolve(server));
  });
}

/** Asks the agent that is there to end, and waits until it has. */
function tellToEnd(name: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(name);
    const timer = setTimeout(() => socket.destroy(), tellMs);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
  });
}

/**
 * There is one agent on a host, the newest: one whose connection broke without anybody telling it would otherwise hold guests, or files,
 * that the next one works on. `onAsked`: another one has come, this one has to end.
 */
export async function beTheOnly(onAsked: () => void, name = defaultName): Promise<void> {
  const end = performance.now() + tellMs;
  for (;;) {
    if (await listen(name, onAsked)) return;
    if (performance.now() > end) throw new Error("another agent runs here and does not end");
    await tellToEnd(name);
  }
}
