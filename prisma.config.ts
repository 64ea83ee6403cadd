import { fileURLToPath } from "node:url";
import { defineConfig } from "prisma/config";

// The CLI reads this file before it looks for its native schema engine, which would be a download from outside npm.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL("./tools/schema-engine.mjs", import.meta.url));

// `generate` needs no database; `migrate` and `db` take it from DATABASE_URL.
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
});
