import { z } from "zod";
import { line, path, seconds, secretName, serverName, shell } from "./words.ts";

/**
 * What a server of each kind may be told, under `options`. The wrappers (lib/manager/wrappers) are the only readers: what one of them
 * needs is added here, with a sentence, and appears in the published JSON Schema by itself.
 */

/** Replaces `{{…}}` in values: see docs/manager.md. */
const text = z.string().max(200_000);

export const httpdOptions = z
  .strictObject({
    documentRoot: path.optional().describe("The directory that is served, on the VM."),
    balance: z
      .strictObject({
        path: z.string().startsWith("/").default("/").describe("What is passed on to the back ends."),
        method: z.enum(["byrequests", "bytraffic", "bybusyness"]).default("byrequests"),
        sticky: line(60).optional().describe("The cookie that keeps a visitor on one back end."),
        retrySeconds: seconds.default(1).describe("How long a failed back end is left alone."),
        timeoutSeconds: seconds.default(10).describe("How long a back end may take to answer."),
        healthPath: z.string().startsWith("/").optional().describe("Asked of each back end to see whether it works."),
      })
      .optional()
      .describe("How requests are spread over the servers that it `balances`."),
    healthPath: z.string().startsWith("/").default("/").describe("Asked to see whether this server works."),
    workers: z.int().min(1).max(1000).optional(),
    config: text.optional().describe("Lines of configuration, added at the end."),
  })
  .prefault({});

export const haproxyOptions = z
  .strictObject({
    mode: z.enum(["tcp", "http"]).default("tcp"),
    check: z.enum(["tcp", "http", "mysql"]).default("tcp").describe("How a back end is looked at."),
    checkUser: line(32).optional().describe("The database user of `check: mysql`."),
    healthPath: z.string().startsWith("/").default("/").describe("Asked of a back end by `check: http`."),
    order: z
      .enum(["all", "first"])
      .default("all")
      .describe("`first`: the first that works gets everything, the others stand by."),
    checkEverySeconds: z.number().min(0.1).max(60).default(1),
    statsPort: z.int().min(1).max(65535).optional(),
    config: text.optional().describe("Lines of configuration, added at the end."),
  })
  .prefault({});

export const phpOptions = z
  .strictObject({
    root: path.default("/srv/www").describe("The directory of pages, on the VM."),
    workers: z.int().min(1).max(200).default(4),
    environment: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), text).default({}),
    healthPath: z.string().startsWith("/").default("/").describe("Asked to see whether this server works."),
    settings: z.record(z.string(), text).default({}).describe("Settings of php.ini."),
  })
  .prefault({});

export const mariadbOptions = z
  .strictObject({
    databases: z.array(z.string().regex(/^[A-Za-z0-9_]{1,60}$/)).default([]),
    users: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[A-Za-z0-9_]{1,30}$/),
          password: secretName.optional().describe("A name under `secrets`; without it the user has no password."),
          grants: z.array(line(300)).default([]).describe("What follows GRANT, as `ALL ON shop.*`."),
        }),
      )
      .default([]),
    load: z
      .array(z.string().min(1).max(1000))
      .default([])
      .describe("Files of SQL, loaded once into a database that is new."),
    dataDirectory: path.default("/var/lib/mysql"),
    serverId: z
      .int()
      .min(1)
      .max(4_294_967_295)
      .optional()
      .describe("By default counted from the order of the servers."),
    replicates: z
      .array(serverName)
      .default([])
      .describe("The servers whose changes it follows. Two that name each other follow each other."),
    semiSynchronous: z
      .boolean()
      .default(true)
      .describe("A write is acknowledged once a replica has it, while one is there."),
    replicationPassword: secretName.optional(),
    bufferPoolMiB: z.int().min(8).max(1_000_000).default(32),
    settings: z.record(z.string(), text).default({}).describe("Settings of [mariadbd]."),
  })
  .prefault({});

/** Commands are run by /bin/sh on the VM; each must bear to be run twice. */
export const commandOptions = z
  .strictObject({
    deploy: shell.optional(),
    configure: shell.optional(),
    start: shell.optional(),
    stop: shell.optional(),
    health: shell.optional().describe("Ends with 0 where the server works."),
    save: shell
      .optional()
      .describe("Writes the server's state to its output. With `restore` beside it, it is run now and then."),
    restore: shell
      .optional()
      .describe("Reads from its input what `save` wrote; run after the start on a VM that was made anew."),
    synchronise: shell.optional().describe("Brings the server's state up to date; runs after each start."),
    environment: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), text).default({}),
  })
  .prefault({});
