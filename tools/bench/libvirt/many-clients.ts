/**
 * `node --expose-gc many-clients.ts SOCKET COUNT`: opens COUNT connections, with keepalive and an event subscription each as the
 * engine has them, and prints what each of them adds to this process's resident memory, as JSON.
 */
import { connect, unixDialer } from "../../../lib/libvirt/index.ts";

const [path, countText] = process.argv.slice(2);
const count = Number(countText);
const { gc } = globalThis;
if (path === undefined || !Number.isInteger(count) || gc === undefined)
  throw new Error("usage: node --expose-gc many-clients.ts SOCKET COUNT");

async function open(howMany: number) {
  const connections = [];
  // In groups: dialling is not what is measured.
  for (let begun = 0; begun < howMany; begun += 50) {
    const group = Array.from({ length: Math.min(50, howMany - begun) }, async () => {
      const connection = await connect({ dialer: unixDialer(path) });
      const events = await connection.subscribe(["lifecycle", "io_error_reason", "watchdog"]);
      await connection.call("connect_get_hostname");
      return { connection, events };
    });
    connections.push(...(await Promise.all(group)));
  }
  return connections;
}

function residentBytes(): number {
  for (let pass = 0; pass < 3; pass++) gc?.();
  return process.memoryUsage.rss();
}

// Code, codecs and the allocator's first pages belong to the program, not to a connection.
const warm = await open(20);
await Promise.all(warm.map(({ connection }) => connection.close()));
const before = residentBytes();
const all = await open(count);
const after = residentBytes();
// All of them are still open and answer.
await Promise.all(all.map(({ connection }) => connection.call("connect_get_hostname")));
console.log(JSON.stringify({ connections: all.length, kiBPerConnection: (after - before) / 1024 / all.length }));
process.exit(0);
