import { type Description, isRecorded, portOf, type ServerOf } from "../../description/index.ts";
import type { ServerPaths } from "../site.ts";

type Mariadb = ServerOf<"mariadb">;

/** Each server of an application has another number, which is also the domain of its own transactions. */
export const serverIdOf = (server: Mariadb, description: Description): number =>
  server.options.serverId ??
  1 + description.servers.filter((one) => one.kind === "mariadb").findIndex((one) => one.name === server.name);

export const socketOf = (paths: ServerPaths): string => `${paths.run}/mysqld.sock`;

/** How long a write waits for a mirror that is silent before it is acknowledged without it. */
const mirrorPatienceMs = 2000;

/** A write is acknowledged once somebody else has it: its mirror, or, where it is alone, the manager that records it. */
export const isSemiSynchronous = (server: Mariadb, description: Pick<Description, "alone">): boolean =>
  server.options.semiSynchronous && (server.options.replicates.length > 0 || isRecorded(server, description));

/** Pure. */
export function mariadbConfig(server: Mariadb, description: Description, paths: ServerPaths): string {
  const { options } = server;
  const id = serverIdOf(server, description);
  const databases = description.servers.filter((one) => one.kind === "mariadb").length;
  const mirrored = options.replicates.length > 0;
  const lines = [
    "[client]",
    `socket = ${socketOf(paths)}`,
    "user = root",
    "[mariadbd]",
    "user = mysql",
    `datadir = ${options.dataDirectory}`,
    `socket = ${socketOf(paths)}`,
    `pid-file = ${paths.run}/mysqld.pid`,
    `init-file = ${paths.config}/closed.sql`,
    "bind-address = 0.0.0.0",
    `port = ${portOf(server)}`,
    "skip-name-resolve",
    "skip-symbolic-links",
    "performance-schema = OFF",
    "character-set-server = utf8mb4",
    `innodb-buffer-pool-size = ${options.bufferPoolMiB}M`,
    "innodb-log-file-size = 16M",
    "innodb-buffer-pool-load-at-startup = OFF",
    "innodb-buffer-pool-dump-at-shutdown = OFF",
    "innodb-flush-method = fsync",
    "innodb-temp-data-file-path = ibtmp1:4M:autoextend",
    "innodb-use-native-aio = OFF",
    "key-buffer-size = 1M",
    "aria-pagecache-buffer-size = 4M",
    "thread-cache-size = 16",
    "max-connections = 200",
    "wait-timeout = 3600",
    "slave-net-timeout = 4",
    `server-id = ${id}`,
    `gtid-domain-id = ${id}`,
    "log-bin = binlog",
    "relay-log = relay",
    "binlog-format = ROW",
    "sync-binlog = 1",
    "innodb-flush-log-at-trx-commit = 1",
    "log-slave-updates = ON",
    "slave-parallel-threads = 4",
    "expire-logs-days = 3",
    `auto-increment-increment = ${Math.max(1, mirrored ? databases : 1)}`,
    `auto-increment-offset = ${mirrored ? 1 + ((id - 1) % databases) : 1}`,
    "relay-log-recovery = ON",
    ...(isSemiSynchronous(server, description)
      ? [
          // As master it begins with its opening: while it catches up nobody is there to answer it, and each change would wait in vain.
          "rpl-semi-sync-slave-enabled = ON",
          "rpl-semi-sync-master-wait-point = AFTER_SYNC",
          `rpl-semi-sync-master-timeout = ${mirrorPatienceMs}`,
        ]
      : []),
    ...Object.entries(options.settings).map(([name, value]) => `${name} = ${value}`),
  ];
  return `${lines.join("\n")}\n`;
}
