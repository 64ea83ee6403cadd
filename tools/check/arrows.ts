/**
 * DESIGN's rooms and arrows as data. A room may import its own files, what its row lists, and nothing else.
 * `npm run check` compares them with every import of the project; `import type` counts as much as `import`.
 * Tests, and what is made for them (`testing/`), may enter every room: by its door, or by its own `testing/`.
 */

export interface Room {
  /** Other rooms that it may import. `lib/*` is every room below lib; `engine/ports` is that one file alone. */
  readonly to: readonly string[];
  /** Files by which others may enter. Rooms without a door (app, components, tools, e2e) are entered by any file. */
  readonly doors?: readonly string[];
  /** Node's own modules, and the names that reach outside, are refused: the room is pure, or runs in a browser. */
  readonly noNode?: boolean;
}

const door = ["index.ts"];

/** The longest path wins: `components/ui/badge.tsx` is of `components/ui`. */
export const rooms: Readonly<Record<string, Room>> = {
  app: { to: ["components", "components/ui", "lib/api", "lib/service", "lib/contract", "lib/client"] },
  components: { to: ["components/ui", "lib/client", "lib/contract", "lib/model"], noNode: true },
  "components/ui": { to: [], noNode: true },

  "lib/model": { to: [], doors: door, noNode: true },
  "lib/contract": { to: ["lib/model"], doors: door, noNode: true },
  "lib/decide": { to: ["lib/model"], doors: door, noNode: true },
  "lib/engine": { to: ["lib/model", "lib/decide"], doors: ["index.ts", "ports.ts"] },
  /** Previews and refusals are the planner's own: a service asks it before an intent is written down. */
  "lib/service": { to: ["lib/model", "lib/contract", "lib/decide", "engine/ports"], doors: door },
  /** global.ts is what the pages see of the server: the rest of the room must not be bundled with them. */
  "lib/api": {
    to: ["lib/service", "lib/contract", "lib/model", "engine/ports"],
    doors: ["index.ts", "global.ts"],
  },
  "lib/libvirt": { to: [], doors: door },
  "lib/hypervisor": { to: ["lib/libvirt", "lib/helper", "lib/provision", "lib/model", "engine/ports"], doors: door },
  /** Fence agents and hooks: other people's programs, run on the server. */
  "lib/fencing": { to: ["lib/model", "engine/ports"], doors: door },
  /** `belay-host`, the program on a hypervisor, and the words that it and the engine exchange. */
  "lib/helper": { to: [], doors: door },
  /** Its agent is put on hosts as the helper is: one file, in the helper's directory. */
  "lib/checkpoint": { to: ["lib/libvirt", "lib/helper", "lib/model", "engine/ports"], doors: door },
  /** Definitions, seeds and addresses of VMs that are made from images. Pure of hosts: lib/hypervisor carries it out, the lab uses it too. */
  "lib/provision": { to: ["lib/model"], doors: door },
  /** The conversation's way to customers' managers: their sockets, their endpoints. */
  "lib/collaboration": { to: ["lib/contract", "lib/model", "engine/ports"], doors: door },
  "lib/store": { to: ["lib/model", "engine/ports"], doors: door },
  /** DBOS behind the engine's port, as the store is PostgreSQL behind it. */
  "lib/durable": { to: ["lib/model", "engine/ports"], doors: door },
  "lib/live": { to: ["lib/contract", "lib/model", "engine/ports"], doors: door },
  "lib/client": { to: ["lib/contract", "lib/model"], doors: door },
  "lib/manager": { to: ["lib/contract"], doors: door },
  "lib/sim": { to: ["lib/engine", "lib/decide", "lib/model"], doors: door },
  "lib/boot": { to: ["lib/*"], doors: door },

  /** main.ts is its command line, which tools/lab.ts runs. */
  lab: { to: ["lib/libvirt", "lib/provision", "lib/model"], doors: [...door, "main.ts"] },
  prisma: { to: [] },
  /** It starts the whole of Belay, as `npm start` does, and looks at it as a person. */
  e2e: { to: ["lab", "lib/*", "tools"] },
  tools: { to: ["lab", "lib/*"] },
  "server.ts": { to: ["lib/boot"] },
  /** vitest.config.ts, next.config.ts and the like, beside package.json. */
  "(configuration)": { to: [] },
};

/** Packages that only these rooms, or files, may import. Everything else may be imported by all who run where it runs. */
export const keptPackages: readonly {
  readonly packages: readonly string[];
  readonly only: readonly string[];
  readonly why: string;
}[] = [
  {
    packages: ["@prisma/client", "@prisma/adapter-pg", "prisma"],
    only: ["lib/store", "prisma.config.ts", "tools/schema-engine"],
    why: "lib/store is the only importer of the Prisma client",
  },
  {
    packages: ["@prisma/driver-adapter-utils", "@prisma/schema-engine-wasm", "pg-connection-string"],
    only: ["tools/schema-engine.mjs", "tools/schema-engine"],
    why: "only the stand-in for Prisma's schema engine needs them",
  },
  { packages: ["@dbos-inc/dbos-sdk"], only: ["lib/durable"], why: "lib/durable hides DBOS behind the engine's port" },
  {
    packages: ["ssh2"],
    only: ["lib/libvirt", "lib/manager", "lab", "tools/bench/together/auction-ssh.ts"],
    why: "lib/libvirt makes the SSH connections; a manager is a program of its own, and so is who looks at its VMs from outside",
  },
  {
    packages: [
      "react",
      "react-dom",
      "@tanstack/react-query",
      "@mantine/core",
      "@mantine/hooks",
      "@mantine/modals",
      "@mantine/notifications",
    ],
    only: ["app", "components", "lib/client"],
    why: "below the pages nothing knows of React",
  },
  {
    packages: ["next"],
    only: ["app", "components", "lib/client", "server.ts", "(configuration)"],
    why: "below the pages nothing knows of Next",
  },
  { packages: ["hono", "@hono/zod-openapi"], only: ["lib/api"], why: "lib/api speaks HTTP" },
];

/** Commands that make a room's own files, and so work inside it. */
export const insiders: Readonly<Record<string, string>> = {
  "tools/libvirt-table.ts": "lib/libvirt",
  "tools/libvirt-types.ts": "lib/libvirt",
  "tools/new-migration.ts": "lib/store",
};

/** In rooms without Node these names would let the world in: time, chance and I/O come by the ports. */
export const pureRooms = ["lib/decide", "lib/model"];
export const impureNames = [
  "Date",
  "Math.random",
  "process",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "performance",
  "crypto",
  "globalThis",
];
