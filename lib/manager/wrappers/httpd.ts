import { type Description, type Peer, portOf, type ServerOf, serverNamed } from "../description/index.ts";
import { sh } from "../ssh/index.ts";
import { lives, putConfig, startDaemon, stopDaemon, upAndListening } from "./daemon.ts";
import type { ServerPaths, Wrapper } from "./site.ts";
import { fillIn } from "./template.ts";

/** Apache httpd as Debian builds it, with a configuration of our own: /etc/apache2 is left alone. */
const program = "apache2";

export const httpd: Wrapper<ServerOf<"httpd">> = {
  programs: [["apache2"]],
  async configure(site) {
    const { server, paths, bindings, context } = site;
    const added = server.options.config === undefined ? "" : fillIn(server.options.config, server.name, context);
    const text = `${httpdConfig(server, bindings.balances, context.description, paths)}${added}\n`;
    await putConfig(
      site,
      { "httpd.conf": { text } },
      {
        program,
        check: sh`apache2 -t -f $new/httpd.conf`,
        reload: sh`apache2 -f ${`${paths.config}/httpd.conf`} -k graceful`,
      },
    );
  },
  start: (site) =>
    startDaemon(site, {
      program,
      start: sh`apache2 -f ${`${site.paths.config}/httpd.conf`} -k start < /dev/null > ${`${site.paths.log}/start.log`} 2>&1`,
      ready: lives(site.paths.pid, program),
      logFile: `${site.paths.log}/start.log`,
      workers: workersOf(site.paths),
    }),
  stop: (site) => stopDaemon(site, program, 5, workersOf(site.paths)),
  health: (site) => upAndListening(site, program),
};

/** They have the command line of their master. */
const workersOf = (paths: ServerPaths) => sh`*apache2${`-f${paths.config}/httpd.conf`}*`;

const modules = [
  "mpm_event",
  "authn_core",
  "authz_core",
  "authz_host",
  "mime",
  "dir",
  "alias",
  "headers",
  "setenvif",
  "env",
  "status",
  "rewrite",
  "reqtimeout",
  "slotmem_shm",
  "proxy",
  "proxy_http",
  "proxy_fcgi",
  "proxy_balancer",
  "proxy_hcheck",
  "lbmethod_byrequests",
  "lbmethod_bytraffic",
  "lbmethod_bybusyness",
];

/** Pure. */
export function httpdConfig(
  server: ServerOf<"httpd">,
  backends: readonly Peer[],
  description: Description,
  paths: ServerPaths,
): string {
  const { documentRoot, workers = 64 } = server.options;
  const children = Math.max(1, Math.ceil(workers / 32));
  const lines = [
    'ServerRoot "/usr/lib/apache2"',
    `ServerName ${server.name}`,
    `Listen ${portOf(server)}`,
    `PidFile ${paths.pid}`,
    `DefaultRuntimeDir ${paths.run}`,
    `ErrorLog ${paths.log}/error.log`,
    "LogLevel warn",
    ...modules.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`),
    "User www-data",
    "Group www-data",
    `ServerLimit ${children}`,
    `StartServers ${children}`,
    "ThreadsPerChild 32",
    `MaxRequestWorkers ${children * 32}`,
    `MinSpareThreads ${children * 32}`,
    `MaxSpareThreads ${children * 32}`,
    "KeepAlive On",
    "KeepAliveTimeout 15",
    "MaxKeepAliveRequests 0",
    "ServerTokens Prod",
    "TraceEnable Off",
    "ExtendedStatus On",
    "<Directory />",
    "  Require all denied",
    "  AllowOverride None",
    "</Directory>",
    "<IfModule mime_module>",
    "  TypesConfig /dev/null",
    "  AddType text/html .html",
    "  AddType text/css .css",
    "  AddType text/javascript .js",
    "  AddType image/svg+xml .svg",
    "  AddType image/png .png",
    "</IfModule>",
    ...(documentRoot === undefined
      ? []
      : [`DocumentRoot "${documentRoot}"`, `<Directory "${documentRoot}">`, "  Require all granted", "</Directory>"]),
    // How many requests there were, and, by the length of a file of four bytes each, how many of them failed here.
    '<Location "/belay-status">',
    "  SetHandler server-status",
    "  Require local",
    "</Location>",
    `CustomLog ${failedLog(paths)} "%>s" "expr=%{REQUEST_STATUS} -ge 500"`,
    `Alias "/belay-failed" "${failedLog(paths)}"`,
    '<Location "/belay-failed">',
    "  Require local",
    "</Location>",
    ...balancer(server, backends, description),
  ];
  return `${lines.join("\n")}\n`;
}

const failedLog = (paths: ServerPaths) => `${paths.log}/failed.log`;

function balancer(server: ServerOf<"httpd">, backends: readonly Peer[], description: Description): readonly string[] {
  const known = backends.filter((peer) => peer.address !== undefined);
  if (known.length === 0) return [];
  const {
    path = "/",
    method = "byrequests",
    retrySeconds = 1,
    timeoutSeconds = 10,
    sticky,
  } = server.options.balance ?? {};
  const root = known.flatMap(({ server: name }) => {
    const behind = serverNamed(description, name);
    return behind.kind === "php" ? [behind.options.root] : [];
  })[0];
  const retry = Math.max(1, Math.round(retrySeconds));
  const member = (peer: Peer) => {
    const scheme = peer.kind === "php" ? "fcgi" : "http";
    const route = sticky === undefined ? "" : ` route=${peer.server}`;
    return `  BalancerMember "${scheme}://${peer.address}:${peer.port}" retry=${retry} timeout=${Math.round(timeoutSeconds)} connectiontimeout=1 enablereuse=off${route}`;
  };
  return [
    '<Proxy "balancer://behind">',
    ...known.map(member),
    // With all of them failed the next request tries again at once, instead of 503 for `retry` seconds.
    `  ProxySet lbmethod=${method} forcerecovery=On${sticky === undefined ? "" : ` stickysession=${sticky}`}`,
    "</Proxy>",
    // Its own pages come before what is passed on.
    'ProxyPass "/belay-status" "!"',
    'ProxyPass "/belay-failed" "!"',
    `ProxyPass "${path}" "balancer://behind${path}"`,
    ...(root === undefined
      ? []
      : [
          "ProxyFCGIBackendType FPM",
          `ProxyFCGISetEnvIf "true" DOCUMENT_ROOT "${root}"`,
          // What names a page of PHP is that page; everything else is the first page's, as frameworks have it.
          `ProxyFCGISetEnvIf "true" SCRIPT_FILENAME "${root}/index.php"`,
          `ProxyFCGISetEnvIf "reqenv('SCRIPT_NAME') =~ m#^(/[A-Za-z0-9_/.-]+[.]php)$#" SCRIPT_FILENAME "${root}$1"`,
        ]),
  ];
}
