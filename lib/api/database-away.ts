/** Codes of the system, of PostgreSQL and of Prisma that mean: nobody could be asked. The same request may work in a moment. */
const codes = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE", "ETIMEDOUT"],
  ...["57P01", "57P02", "57P03", "08000", "08003", "08006"],
  ...["P1001", "P1002", "P1008", "P1017", "P2024"],
]);
const depth = 5;

/** Whether an error, or what caused it, says that the database does not answer. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error, level = 0; cause instanceof Error && level < depth; cause = cause.cause, level++) {
    if ("code" in cause && typeof cause.code === "string" && codes.has(cause.code)) return true;
    const said = /Code: `(\w+)`/.exec(cause.message)?.[1]; // Prisma's way to pass on a code of PostgreSQL that it has no own for
    if (said !== undefined && codes.has(said)) return true;
    if (/^(Connection terminated|timeout exceeded when trying to connect)/.test(cause.message)) return true;
  }
  return false;
}
