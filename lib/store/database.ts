import { PrismaPg } from "@prisma/adapter-pg";
import type { Log } from "../engine/ports.ts";
import { type Prisma, PrismaClient } from "./generated/client.ts";

export type Database = PrismaClient;
export type Transaction = Prisma.TransactionClient;
/** Either: a read is the same inside a transaction and outside. */
export type Readable = Database | Transaction;

/** Connections in the pool. One at most writes (write/queue.ts), so the others are for reads. */
const connections = 10;

/**
 * Opens nothing yet: connections are made when they are needed. Every statement has a deadline, and a process that stops in the
 * middle of a transaction (frozen, or its machine gone) loses it after 5 s, before those who wait for its lock give up.
 */
export function openDatabase(databaseUrl: string, log: Log | undefined): Database {
  const onError = (error: Error) => log?.warn("a connection to the database broke", { error: error.message });
  const adapter = new PrismaPg(
    {
      connectionString: databaseUrl,
      max: connections,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      statement_timeout: 15_000,
      lock_timeout: 15_000,
      idle_in_transaction_session_timeout: 5_000,
      application_name: "belay store",
    },
    { onPoolError: onError, onConnectionError: onError },
  );
  return new PrismaClient({ adapter, errorFormat: "minimal" });
}
