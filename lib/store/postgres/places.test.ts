import { chmod, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Account, serverAccount } from "./account.ts";
import { preparePlaces } from "./places.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "belay-places-"));
  await chmod(directory, 0o711);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const mode = async (path: string) => (await stat(path)).mode & 0o777;
const under = (place: string) => ({ dataDir: join(place, "pgdata"), socketDir: join(place, "run") });
const prepare = (place: string, account?: Account) => preparePlaces(under(place), account, join(directory, "fallback"));

test("both directories are made, and nobody else gets in", async () => {
  const place = join(directory, "own");
  expect(await prepare(place)).toEqual(under(place));
  expect([await mode(join(place, "pgdata")), await mode(join(place, "run"))]).toEqual([0o700, 0o700]);
});

test("a path that is too long for a socket is replaced by a short one", async () => {
  const wanted = { ...under(join(directory, "own")), socketDir: join(directory, "x".repeat(120)) };
  const { dataDir, socketDir } = await preparePlaces(wanted, undefined, directory);
  expect(dataDir).toBe(wanted.dataDir);
  expect(socketDir.length).toBeLessThan(80);
  await rm(socketDir, { recursive: true });
});

describe.runIf(process.getuid?.() === 0)("as root, for another account", () => {
  const account = () => serverAccount("nobody");

  test("the directory that holds the cluster is opened for passing, not for reading", async () => {
    const place = join(directory, "own");
    await mkdir(place, { mode: 0o700 });
    expect(await prepare(place, account())).toEqual(under(place));
    expect(await mode(place)).toBe(0o711);
    expect((await stat(join(place, "pgdata"))).uid).toBe(account()?.uid);
  });

  test("one above it is left as it is, and the cluster goes elsewhere: the same place each time", async () => {
    const closed = join(directory, "closed");
    await mkdir(closed, { mode: 0o700 });
    const places = await prepare(join(closed, "own"), account());
    expect(places.dataDir.startsWith(join(directory, "fallback"))).toBe(true);
    expect(await mode(closed)).toBe(0o700);
    expect(await prepare(join(closed, "own"), account())).toEqual(places);
  });

  test("where that is closed too, the error names the directory and the cure", async () => {
    const closed = join(directory, "closed");
    await mkdir(closed, { mode: 0o700 });
    await expect(preparePlaces(under(join(closed, "own")), account(), join(closed, "fallback"))).rejects.toThrow(
      `cannot enter ${closed}: chmod o+x it`,
    );
  });
});
