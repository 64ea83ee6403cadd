/** Which servers the lab's images and archives carry, as data. */

/** Debian packages of the image `prepared`; the archives are cut out of the same. */
export const serverPackages = [
  "apache2",
  "haproxy",
  "mariadb-client",
  "mariadb-server",
  "php8.2-cli",
  "php8.2-fpm",
  "php8.2-mysql",
];

/** Programs of busybox that Debian's minimal set has no other of: `bare` has them by their own names. */
export const applets = ["free", "killall", "less", "nc", "netstat", "ping", "pidof", "ps", "top", "vi", "wget"];

const apacheModules = [
  ...["access_compat", "alias", "allowmethods", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_host"],
  ...["authz_user", "autoindex", "deflate", "dir", "env", "expires", "filter", "headers", "mime", "mpm_event"],
  ...["negotiation", "proxy", "proxy_balancer", "proxy_fcgi", "proxy_hcheck", "proxy_http", "ratelimit", "remoteip"],
  ...["lbmethod_bybusyness", "lbmethod_byrequests", "lbmethod_bytraffic", "reqtimeout", "rewrite", "setenvif"],
  ...["slotmem_shm", "status", "unique_id"],
];
const phpExtensions = [
  ...["ctype", "iconv", "mysqli", "mysqlnd", "opcache", "pdo", "pdo_mysql", "posix", "sockets", "tokenizer"],
];

export interface ServerArchive {
  readonly name: "httpd" | "php" | "haproxy" | "mariadb";
  /** Whose version it has. */
  readonly package: string;
  /** Programs and shared objects: what they need and `bare` lacks comes along. */
  readonly programs: readonly string[];
  /** Files and directories beside them; absent ones are left out. */
  readonly files: readonly string[];
}

export const serverArchives: readonly ServerArchive[] = [
  {
    name: "httpd",
    package: "apache2-bin",
    programs: ["usr/sbin/apache2", ...apacheModules.map((name) => `usr/lib/apache2/modules/mod_${name}.so`)],
    files: ["etc/mime.types"],
  },
  {
    name: "php",
    package: "php8.2-fpm",
    programs: [
      "usr/sbin/php-fpm8.2",
      "usr/bin/php8.2",
      ...phpExtensions.map((name) => `usr/lib/php/20220829/${name}.so`),
    ],
    files: [
      ...["cli", "fpm"].flatMap((kind) => [
        `etc/php/8.2/${kind}/php.ini`,
        ...phpExtensions.flatMap((name) => [10, 15, 20].map((at) => `etc/php/8.2/${kind}/conf.d/${at}-${name}.ini`)),
      ]),
      ...phpExtensions.map((name) => `etc/php/8.2/mods-available/${name}.ini`),
    ],
  },
  {
    name: "haproxy",
    package: "haproxy",
    programs: ["usr/sbin/haproxy"],
    files: ["etc/haproxy/errors"],
  },
  {
    name: "mariadb",
    package: "mariadb-server",
    programs: ["usr/sbin/mariadbd", "usr/bin/mariadb", "usr/bin/mariadb-dump", "usr/bin/mariadb-binlog"],
    files: ["etc/mysql/belay.cnf", "usr/share/mysql/charsets", "usr/share/mysql/english", "var/lib/mysql"],
  },
];
