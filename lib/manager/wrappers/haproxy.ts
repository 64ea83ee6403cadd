import { type Peer, portOf, type ServerOf } from "../description/index.ts";
import { sh } from "../ssh/index.ts";
import { lives, putConfig, startDaemon, stopDaemon, upAndListening } from "./daemon.ts";
import { checkUser } from "./mariadb/accounts.ts";
import { lookLimit, type ServerPaths, type Wrapper } from "./site.ts";
import { fillIn } from "./template.ts";

const program = "haproxy";

export const haproxy: Wrapper<ServerOf<"haproxy">> = {
  programs: [["haproxy"]],
  async prepare(site) {
    const user = sh`getent passwd haproxy > /dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin haproxy`;
    await site.shell.must("make its user", user, lookLimit(site));
  },
  async configure(site) {
    const { server, paths, bindings, context } = site;
    const added = server.options.config === undefined ? "" : fillIn(server.options.config, server.name, context);
    const text = `${haproxyConfig(server, bindings.balances, paths)}${added}`;
    await putConfig(
      site,
      { "haproxy.cfg": { text } },
      { program, check: sh`haproxy -c -L belay -f $new/haproxy.cfg > /dev/null`, reload: run(paths) },
    );
  },
  start: (site) =>
    startDaemon(site, {
      program,
      start: run(site.paths),
      ready: lives(site.paths.pid, program),
      logFile: `${site.paths.log}/start.log`,
    }),
  stop: (site) => stopDaemon(site, program, 3),
  health: (site) => upAndListening(site, program),
};

/** A process that runs already hands its sockets over and ends when its connections have. Its choice among back ends goes with `-L`'s peer. */
const run = (paths: ServerPaths) => sh`mkdir -p ${paths.run} ${paths.log}
set -- -D -L belay -f ${`${paths.config}/haproxy.cfg`} -p ${paths.pid}
if ${lives(paths.pid, program)}; then set -- "$@" -x ${`${paths.run}/admin.sock`} -sf "$pid"; fi
haproxy "$@" < /dev/null > ${`${paths.log}/start.log`} 2>&1`;

/** Back ends as bound. `order: first` keeps to the one it went to (a row of a table) until that fails: no going back by itself. Pure. */
export function haproxyConfig(server: ServerOf<"haproxy">, backends: readonly Peer[], paths: ServerPaths): string {
  const { mode, check, order, healthPath, statsPort, checkEverySeconds } = server.options;
  const everyMs = Math.round(checkEverySeconds * 1000);
  const known = backends.filter((peer) => peer.address !== undefined);
  const user = server.options.checkUser ?? checkUser;
  const lines = [
    "global",
    "  maxconn 2000",
    `  stats socket ${paths.run}/admin.sock mode 600 level admin expose-fd listeners`,
    "  hard-stop-after 10s",
    "  user haproxy",
    "  group haproxy",
    "defaults",
    `  mode ${mode}`,
    "  timeout connect 1s",
    "  timeout client 1h",
    "  timeout server 1h",
    `  timeout check ${Math.max(1000, everyMs)}ms`,
    "  retries 3",
    "  option redispatch 1",
    "  option dontlognull",
    "  option splice-auto",
    "peers belay",
    `  peer belay 127.0.0.1:${peerPort(server)}`,
    "frontend entrance",
    `  bind :${portOf(server)}`,
    "  default_backend servers",
    "backend servers",
    `  balance ${mode === "tcp" ? "leastconn" : "roundrobin"}`,
    ...(check === "mysql" ? [`  option mysql-check user ${user} post-41`] : []),
    ...(check === "http" ? [`  option httpchk GET ${healthPath}`] : []),
    ...(order === "first" ? ["  stick-table type integer size 1k expire 20d peers belay", "  stick on int(1)"] : []),
    // Two bad looks, about a second: meanwhile a mirror applies what it has received, and is not asked for what it only knows of.
    `  default-server inter ${everyMs}ms fastinter ${Math.max(100, Math.round(everyMs / 2))}ms fall 2 rise 1 on-marked-down shutdown-sessions`,
    ...known.map(
      (peer, at) =>
        `  server ${peer.server} ${peer.address}:${peer.port} check${order === "first" && at > 0 ? " backup" : ""}`,
    ),
    ...(statsPort === undefined
      ? []
      : [
          "frontend statistics",
          "  mode http",
          `  bind :${statsPort}`,
          "  stats enable",
          "  stats uri /",
          "  http-request use-service prometheus-exporter if { path /metrics }",
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Beside its own, for the table's way from a process to the next. */
const peerPort = (server: ServerOf<"haproxy">) =>
  portOf(server) + 10_000 > 65_535 ? portOf(server) - 10_000 : portOf(server) + 10_000;
