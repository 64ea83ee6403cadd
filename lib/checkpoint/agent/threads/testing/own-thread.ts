import { serveThread } from "../thread.ts";

/** The agent's threads without the agent. */
await serveThread();
