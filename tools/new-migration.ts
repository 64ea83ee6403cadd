// npm run db:new -- NAME: writes the next migration, from prisma/schema.prisma and the migrations there are. Touches no database but a
// throw-away one of its own. Look at the file before you commit it: data that has to move is yours to write.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePostgres } from "../lib/store/postgres/index.ts";

const name = process.argv[2];
if (name === undefined || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error("usage: npm run db:new -- NAME   (small letters, digits and _, for example add_checkpoints)");
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), "belay-migration-"));
const postgres = await ensurePostgres({
  dataDir: join(scratch, "pgdata"),
  socketDir: join(scratch, "run"),
  volatile: true,
  dieWithParent: true,
});
try {
  const paths = ["--from-migrations", "prisma/migrations", "--to-schema", "prisma/schema.prisma"];
  const sql = execFileSync(
    process.execPath,
    ["node_modules/prisma/build/index.js", "migrate", "diff", ...paths, "--script"],
    {
      env: { ...process.env, DATABASE_URL: postgres.url, CHECKPOINT_DISABLE: "1", PRISMA_HIDE_UPDATE_MESSAGE: "1" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 120_000,
    },
  );
  if (!/^\s*(?!--)\S/m.test(sql)) {
    console.log("The migrations already make what the schema says: nothing to write.");
    console.log(`Next: change prisma/schema.prisma, then  npm run db:new -- ${name}`);
  } else {
    const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
    const directory = join("prisma", "migrations", `${stamp}_${name}`);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "migration.sql"), `${sql.trim()}\n`);
    console.log(`${sql.trim()}\n\nWritten to ${directory}/migration.sql`);
    console.log(
      "Next: read it; data that is there must survive it, and moving that is yours to write. Then  npm run check",
    );
    console.log("      The server applies it when it starts.");
  }
} finally {
  await postgres.stop();
  rmSync(scratch, { recursive: true, force: true });
}
