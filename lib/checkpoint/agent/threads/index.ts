export { collect } from "./collect.ts";
export { serveThread } from "./thread.ts";
export { Threads } from "./threads.ts";
