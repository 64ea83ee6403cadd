/** `node fake-daemon.ts SOCKET`: a libvirt daemon in memory behind a unix socket, in a process of its own, until its stdin ends. */
import { createServer } from "node:net";
import { FakeServer } from "./fake-server.ts";

const path = process.argv[2];
if (path === undefined) throw new Error("usage: node fake-daemon.ts SOCKET");
const daemon = new FakeServer({ connect_get_hostname: () => ({ hostname: "fake" }) });
const server = createServer((socket) => daemon.attach(socket));
server.listen({ path, backlog: 2048 }, () => console.log("ready"));
process.stdin.resume().on("end", () => process.exit(0));
