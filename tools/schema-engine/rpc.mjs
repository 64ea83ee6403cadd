import { createInterface } from "node:readline";
import { panicMessage } from "./engine.mjs";
import { disposeShadows } from "./migration-adapter.mjs";

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

const sendError = (id, error) => {
  const panicked = error?.name === "RuntimeError";
  const message = panicked ? panicMessage() || String(error.stack) : String(error?.message ?? error);
  const data = { is_panic: false, message, meta: error?.meta ?? null, error_code: error?.code ?? "P4000" };
  send({ id, error: { code: 4466, message, data } });
};

/** Answers JSON-RPC lines of stdin, one at a time and in order, until it closes. `open` makes the engine at the first call. */
export async function serve(open) {
  let engine;
  let currentId;
  // A Rust panic shows as an uncaught RuntimeError. Unanswered, the CLI would end with 0 in silence.
  process.on("uncaughtException", (error) => {
    sendError(currentId, error);
    process.stdout.end(() => process.exit(101));
  });

  const answer = async ({ id, method, params }) => {
    if (!method) return; // the CLI's reply to our "print"
    currentId = id;
    try {
      engine ??= await open();
      if (typeof engine[method] !== "function")
        throw Object.assign(new Error(`the WebAssembly schema engine has no method ${method}`), { code: "P4000" });
      const result = method === "version" ? await engine.version(null) : await engine[method](params);
      if (method !== "diff") return send({ id, result: result ?? null });
      // The native engine prints a diff itself, by a call of its own to the CLI.
      if (result?.stdout != null) send({ id: 900_000, method: "print", params: { content: result.stdout } });
      send({ id, result: { exitCode: result.exitCode, stdout: null } });
    } catch (error) {
      sendError(id, error);
    }
  };

  for await (const line of createInterface({ input: process.stdin })) if (line.trim()) await answer(JSON.parse(line));
  await disposeShadows();
  process.exit(0); // the engine's connections would keep the process
}
