import { expect, test } from "vitest";
import { diskIsLocked } from "./lock.ts";

test.each([
  ['internal error: process exited: Failed to get "write" lock. Is another process using the image [/s/a]?', true],
  ['Failed to get shared "write" lock', true],
  ["resource busy: Lockspace resource '/s/a' is locked: Failed to acquire lock: -243", true],
  ["Cannot access storage file '/s/a': No such file or directory", false],
  ["cannot set up guest memory: Cannot allocate memory", false],
])("%s", (words, locked) => expect(diskIsLocked(words)).toBe(locked));
