import { hostname, networkInterfaces } from "node:os";

const bracketed = (address: string) => (address.includes(":") ? `[${address}]` : address);

const everywhere = (host: string) => host === "0.0.0.0" || host === "::";

/**
 * Origins whose pages may act with a viewer's cookie: where this server listens, under the names that a browser on this machine
 * uses, and those named in `more` (an address in front of a proxy). Another page's request carries the cookie too, but not these.
 */
export function originsOf(at: { host: string; port: number; more?: readonly string[] }): ReadonlySet<string> {
  const { host, port, more = [] } = at;
  const names = ["127.0.0.1", "localhost", "::1"];
  if (everywhere(host)) {
    names.push(hostname());
    for (const addresses of Object.values(networkInterfaces()))
      for (const { address, scopeid } of addresses ?? []) if (!scopeid) names.push(address);
  } else names.push(host);
  const own = names.map((name) => new URL(`http://${bracketed(name)}:${port}`).origin);
  return new Set([...own, ...more.map((origin) => new URL(origin).origin)]);
}

/** Where a person on this machine opens the pages. */
export const urlOf = (host: string, port: number): string =>
  `http://${bracketed(everywhere(host) ? "127.0.0.1" : host)}:${port}`;
