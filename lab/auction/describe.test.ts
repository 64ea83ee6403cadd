import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { auctionDescription } from "./describe.ts";

it("names the auction's files by whole paths", async () => {
  const description = parse(await auctionDescription({ image: "prepared" }));
  expect(description.images.server).toBe("prepared");
  const servers: readonly { files?: { from: string }[]; options: { load?: string[] }; archive?: string }[] =
    description.servers;
  const named = servers.flatMap((server) => [
    ...(server.files ?? []).map(({ from }) => from),
    ...(server.options.load ?? []),
  ]);
  expect(named).toHaveLength(6);
  for (const file of named) expect(existsSync(file), file).toBe(true);
  expect(servers.some((server) => server.archive !== undefined)).toBe(false);
});

it("adds the archives of the bare image", async () => {
  const names = ["httpd", "php", "haproxy", "mariadb"] as const;
  const counts = { bytes: 1, unpackedBytes: 1, version: "1" };
  const archives = names.map((name) => ({ name, file: `${name}.tar.gz`, sha256: "a".repeat(64), ...counts }));
  const description = parse(await auctionDescription({ image: "bare", servers: { dir: "/archives", archives } }));
  expect(description.archives.mariadb).toEqual({ file: "/archives/mariadb.tar.gz", sha256: "a".repeat(64) });
  expect(description.servers.map((server: { archive: string }) => server.archive)).toEqual([
    "mariadb",
    "mariadb",
    "haproxy",
    "php",
    "php",
    "httpd",
  ]);
});
