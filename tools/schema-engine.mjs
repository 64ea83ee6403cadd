#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which the CLI would fetch from outside the npm registry: the same commands and the
// same JSON-RPC on stdin and stdout, answered by the WebAssembly build of the same engine over the `pg` driver.
// prisma.config.ts names this file in PRISMA_SCHEMA_ENGINE_BINARY. Plain JavaScript: the CLI may start it with any Node from 20 on.
import { runDatabaseCommand } from "./schema-engine/database-command.mjs";
import { openEngine } from "./schema-engine/engine.mjs";
import { serve } from "./schema-engine/rpc.mjs";

const args = process.argv.slice(2);
const argument = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);

if (args.includes("--version")) {
  console.log("schema-engine-cli wasm");
} else {
  const url = JSON.parse(argument("--datasource") ?? "{}").url ?? process.env.DATABASE_URL;
  if (args.includes("cli")) {
    process.exitCode = await runDatabaseCommand(args[args.indexOf("cli") + 1], url);
  } else {
    const schemaFiles = args.flatMap((arg, at) => (arg === "--datamodels" ? [args[at + 1]] : []));
    await serve(() => openEngine(url, schemaFiles));
  }
}
