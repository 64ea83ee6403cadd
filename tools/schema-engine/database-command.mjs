import pg from "pg";

/** PostgreSQL's codes in Prisma's: code, then the sentence that the CLI prints. */
const prismaError = (error, database) => {
  switch (error?.code) {
    case "3D000":
      return ["P1003", `Database \`${database}\` does not exist`];
    case "28P01":
    case "28000":
      return ["P1000", `Authentication failed against the database server: ${error.message}`];
    case "42P04":
      return ["P1009", `Database \`${database}\` already exists`];
    default:
      return ["P1001", `Can't reach database server: ${error?.message ?? error}`];
  }
};

/** The CLI skips the first line of stderr and looks for a log line of this shape after it. */
const reportError = (code, message) =>
  process.stderr.write(
    `{}\n${JSON.stringify({
      timestamp: new Date().toISOString(),
      level: "ERROR",
      fields: { message, is_panic: false, error_code: code, meta: null },
      target: "schema_engine::logger",
    })}`,
  );

/**
 * `schema-engine cli can-connect-to-database | create-database | drop-database`.
 * Returns the exit code.
 */
export async function runDatabaseCommand(what, url) {
  const address = new URL(url);
  const database = decodeURIComponent(address.pathname.slice(1));
  if (what !== "can-connect-to-database") address.pathname = "/postgres"; // a database cannot be made or dropped from inside
  const client = new pg.Client({ connectionString: address.toString(), connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const name = client.escapeIdentifier(database);
    if (what === "create-database") await client.query(`CREATE DATABASE ${name}`);
    else if (what === "drop-database") await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    return 0;
  } catch (error) {
    reportError(...prismaError(error, database));
    return 1;
  } finally {
    await client.end().catch(() => undefined);
  }
}
