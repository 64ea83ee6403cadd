/** Codes of the system, of PostgreSQL and of Prisma that mean: nobody could be asked. The same request may work in a moment. */
const codes = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE", "ETIMEDOUT"],
  ...["57P01", "57P02", "57P03", "08000", "08003", "08006"],
  // P2028: a transaction lost its connection between two statements, or could not be begun in time
  ...["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"],
]);
/** The same in the words of Prisma's driver adapter, whose causes are no Errors. */
const kinds = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TransactionAlreadyClosed"]);
const depth = 5;

/** What pg says of a connection that went away under a query. */
const words =
  /^(Connection terminated|Connection ended|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

const field = (value: object, name: "code" | "kind" | "originalCode" | "message" | "cause"): unknown =>
  name in value ? Reflect.get(value, name) : undefined;

const isIn = (set: ReadonlySet<string>, value: unknown) => typeof value === "string" && set.has(value);

/** Whether an error, or what caused it, says that the database does not answer. */
export function isDatabaseAway(error: unknown): boolean {
  let cause = error;
  for (let level = 0; typeof cause === "object" && cause !== null && level < depth; level++) {
    if (isIn(codes, field(cause, "code")) || isIn(codes, field(cause, "originalCode"))) return true;
    if (isIn(kinds, field(cause, "kind"))) return true;
    const message = field(cause, "message");
    if (typeof message === "string") {
      const said = /Code: `(\w+)`/.exec(message)?.[1]; // Prisma's way to pass on a code of PostgreSQL that it has no own for
      if (isIn(codes, said) || words.test(message)) return true;
    }
    cause = field(cause, "cause");
  }
  return false;
}
