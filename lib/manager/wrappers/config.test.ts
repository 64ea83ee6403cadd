import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { bindingsOf, descriptionSchema, type ServerSpec, serverNamed } from "../description/index.ts";
import { haproxyConfig } from "./haproxy.ts";
import { httpdConfig } from "./httpd.ts";
import { mariadbConfig } from "./mariadb/config.ts";
import { phpConfig } from "./php.ts";
import { pathsOf } from "./site.ts";
import { fillIn } from "./template.ts";

const file = path.join(import.meta.dirname, "../../../lab/auction/auction.yaml");
const description = descriptionSchema.parse(parse(await readFile(file, "utf8")));
const numbers = Object.fromEntries(description.vms.map(({ name }, at) => [name, `198.18.0.${at + 1}`]));
const addresses = { of: (vm: string) => numbers[vm], generationOf: () => 1 };
const context = { description, addresses, secretOf: (name: string) => `secret of ${name}` };

function named<K extends ServerSpec["kind"]>(name: string, kind: K): Extract<ServerSpec, { kind: K }> {
  const server = serverNamed(description, name);
  const is = (one: ServerSpec): one is Extract<ServerSpec, { kind: K }> => one.kind === kind;
  if (!is(server)) throw new Error(`${name} is no ${kind}`);
  return server;
}

it("computes HAProxy's back ends: the first one works, the second stands by", () => {
  const bindings = bindingsOf(description, addresses, "proxy");
  const text = haproxyConfig(named("proxy", "haproxy"), bindings.balances, pathsOf("proxy"));
  expect(text).toContain("bind :3306\n");
  expect(text).toContain("server database-1 198.18.0.5:3306 check\n");
  expect(text).toContain("server database-2 198.18.0.6:3306 check backup\n");
  expect(text).toContain("option mysql-check user belay_check");
  expect(text).toContain("on-marked-down shutdown-sessions");
});

it("leaves out a back end whose VM has no address", () => {
  const some = { ...addresses, of: (vm: string) => (vm === "db-2" ? undefined : numbers[vm]) };
  const { balances } = bindingsOf(description, some, "proxy");
  expect(haproxyConfig(named("proxy", "haproxy"), balances, pathsOf("proxy"))).not.toContain("database-2");
});

it("computes httpd's back ends and says which page they begin with", () => {
  const { balances } = bindingsOf(description, addresses, "entrance");
  const text = httpdConfig(named("entrance", "httpd"), balances, description, pathsOf("entrance"));
  expect(text.match(/BalancerMember "fcgi:\/\/198\.18\.0\.[23]:9000"/g)).toHaveLength(2);
  expect(text).toContain('SCRIPT_FILENAME "/srv/auction/index.php"');
});

it("gives PHP its environment, filled in", () => {
  const pages = named("pages-1", "php");
  const environment = Object.fromEntries(
    Object.entries(pages.options.environment).map(([name, value]) => [name, fillIn(value, pages.name, context)]),
  );
  const text = phpConfig(pages, environment, pathsOf("pages-1"));
  expect(text).toContain('env[AUCTION_DB_HOST] = "198.18.0.4"');
  expect(text).toContain('env[AUCTION_DB_PASSWORD] = "secret of database"');
  expect(() => phpConfig(pages, { BAD: 'a"b' }, pathsOf("pages-1"))).toThrow("cannot hold");
});

it("gives each database its number, and numbers of rows that never meet", () => {
  const one = mariadbConfig(named("database-1", "mariadb"), description, pathsOf("database-1"));
  const two = mariadbConfig(named("database-2", "mariadb"), description, pathsOf("database-2"));
  expect(one).toContain("server-id = 1\n");
  expect(two).toContain("gtid-domain-id = 2\n");
  expect(two).toContain("auto-increment-increment = 2\nauto-increment-offset = 2\n");
});

it("refuses a template that names what is not there", () => {
  expect(fillIn("{{server}} on {{ vm }}", "pages-1", context)).toBe("pages-1 on app-1");
  for (const text of ["{{address nobody}}", "{{adress proxy}}", "{{}}", "{{address Proxy}}"])
    expect(() => fillIn(text, "pages-1", context)).toThrow("cannot be filled in");
});
