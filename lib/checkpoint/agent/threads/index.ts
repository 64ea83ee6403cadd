export { serveThread } from "./thread.ts";
export { Threads } from "./threads.ts";
