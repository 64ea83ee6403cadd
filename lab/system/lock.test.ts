import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withLock } from "./lock.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "lab-lock-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.runIf(process.platform === "linux")("a lock that dies with its holder", () => {
  it("lets one in at a time, and gives the place free after an error", async () => {
    const file = path.join(dir, "one");
    let inside = 0;
    let most = 0;
    const enter = (fails: boolean) =>
      withLock(file, async () => {
        inside++;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        if (fails) throw new Error("on purpose");
      }).catch((error: unknown) => (error instanceof Error ? error.message : "?"));
    const results = await Promise.all([enter(false), enter(true), enter(false), enter(true)]);
    expect(most).toBe(1);
    expect(results.filter((result) => result === "on purpose")).toHaveLength(2);
  });

  it("keeps one at a time also when the holder removes the file", async () => {
    const file = path.join(dir, "gone");
    let inside = 0;
    const visits = Array.from({ length: 6 }, () =>
      withLock(file, async () => {
        expect(++inside).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        rmSync(file);
        inside--;
      }),
    );
    await Promise.all(visits);
    expect(existsSync(file)).toBe(false);
  });

  it("lets readers in together and keeps a writer out, with words that name the file", async () => {
    const file = path.join(dir, "two");
    const both = await withLock(file, () => withLock(file, async () => "both", { shared: true }), { shared: true });
    expect(both).toBe("both");
    const writer = withLock(file, () => withLock(file, async () => "in", { timeoutMs: 100 }), { shared: true });
    await expect(writer).rejects.toThrow(`${file} is still locked`);
  });
});
