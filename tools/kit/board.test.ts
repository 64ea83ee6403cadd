import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBoard, type Screen, seconds } from "./board.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function fakeScreen(isTTY: boolean): Screen & { text(): string } {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  return { isTTY, columns: 80, write, text: () => text };
}

const clock = () => Date.now();

test.each([
  [0, "0.0 s"],
  [1_249, "1.2 s"],
  [9_940, "9.9 s"],
  [10_400, "10 s"],
  [119_000, "119 s"],
  [120_000, "2 min 0 s"],
  [179_800, "3 min 0 s"],
  [185_000, "3 min 5 s"],
])("%d ms is %s", (ms, words) => {
  expect(seconds(ms)).toBe(words);
});

test("a log gets a line at the start, reminders with what is going on, and one at the end", async () => {
  const screen = fakeScreen(false);
  const board = createBoard(screen, clock);
  const end = Promise.withResolvers<string>();
  const done = board.phase("image", (say) => {
    say("unpacking");
    return end.promise;
  });
  await vi.advanceTimersByTimeAsync(16_000);
  end.resolve("built");
  await done;
  await vi.advanceTimersByTimeAsync(60_000); // nothing runs any more, so nothing is said any more
  expect(screen.text().split("\n")).toEqual(["▸ image", "  image: unpacking, 15 s", "✓ image: built  16 s", ""]);
});

test("a terminal's last line shows all phases that run; lines above it stay", async () => {
  const screen = fakeScreen(true);
  const board = createBoard(screen, clock);
  const end = Promise.withResolvers<void>();
  const both = Promise.all([board.phase("one", () => end.promise), board.phase("two", () => end.promise)]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(screen.text().split("\r\x1b[K").at(-1)).toBe("  one 1.0 s  ·  two 1.0 s");
  board.line("news");
  expect(screen.text()).toContain("\r\x1b[Knews\n");
  end.resolve();
  await both;
  expect(screen.text()).toContain("✓ one  1.0 s\n");
});

test("a phase that fails says how and after how long, and throws on", async () => {
  const screen = fakeScreen(false);
  const board = createBoard(screen, clock);
  const failing = board.phase("lab", () => Promise.reject(new Error("no bridge\nstack")));
  await expect(failing).rejects.toThrow("no bridge");
  expect(screen.text()).toContain("✗ lab: no bridge  0.0 s\n");
});
