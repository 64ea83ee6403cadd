import { portOf, type ServerOf } from "../description/index.ts";
import { ManagerError } from "../servers.ts";
import { sh } from "../ssh/index.ts";
import { lives, putConfig, startDaemon, stopDaemon, upAndListening } from "./daemon.ts";
import type { ServerPaths, Wrapper } from "./site.ts";
import { fillIn } from "./template.ts";

/** PHP as FastCGI (php-fpm): a web server in front of it `balances` it. */
const program = "php-fpm";
const names = ["php-fpm8.2", "php-fpm8.4", "php-fpm8.3", "php-fpm8.1", "php-fpm7.4", "php-fpm"];

export const php: Wrapper<ServerOf<"php">> = {
  programs: [names],
  async configure(site) {
    const { server, paths, context } = site;
    const environment = Object.entries(server.options.environment).map(
      ([name, value]) => [name, fillIn(value, server.name, context)] as const,
    );
    await putConfig(
      site,
      { "php-fpm.conf": { text: phpConfig(server, Object.fromEntries(environment), paths), mode: "600" } },
      { program, reload: sh`kill -USR2 "$pid"` },
    );
  },
  start: (site) =>
    startDaemon(site, {
      program,
      start: sh`for name in ${names}; do command -v "$name" > /dev/null && break; done
"$name" -y ${`${site.paths.config}/php-fpm.conf`} --daemonize < /dev/null > ${`${site.paths.log}/start.log`} 2>&1`,
      ready: lives(site.paths.pid, program),
      logFile: `${site.paths.log}/start.log`,
      workers: workersOf(site.server.name),
    }),
  stop: (site) => stopDaemon(site, program, 5, workersOf(site.server.name)),
  health: (site) => upAndListening(site, program),
};

/** As they name themselves: by the pool, which has the server's name. */
const workersOf = (server: string) => sh`${`php-fpm: pool ${server}`} | ${`php-fpm: pool ${server} `}*`;

/** Pure. */
export function phpConfig(
  server: ServerOf<"php">,
  environment: Readonly<Record<string, string>>,
  paths: ServerPaths,
): string {
  const { workers, settings } = server.options;
  const lines = [
    "[global]",
    `pid = ${paths.pid}`,
    `error_log = ${paths.log}/php.log`,
    "daemonize = yes",
    "process_control_timeout = 10s",
    `[${server.name}]`,
    "user = www-data",
    "group = www-data",
    `listen = 0.0.0.0:${portOf(server)}`,
    "listen.backlog = 511",
    "pm = static",
    `pm.max_children = ${workers}`,
    "pm.max_requests = 2000",
    "pm.status_path = /belay-status",
    "request_terminate_timeout = 30s",
    "catch_workers_output = yes",
    "security.limit_extensions = .php",
    ...Object.entries(environment).map(([name, value]) => `env[${name}] = ${quoted(name, value)}`),
    ...Object.entries(settings).map(([name, value]) => `php_admin_value[${name}] = ${quoted(name, value)}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** PHP's ini values in double quotes: these and what begins a variable cannot be in them. */
function quoted(name: string, value: string): string {
  if (/["\\\n\r\0]|\$\{/.test(value))
    throw new ManagerError({
      code: "badValue",
      message: `The value of ${name} has a character that PHP's configuration cannot hold.`,
    });
  return `"${value}"`;
}
