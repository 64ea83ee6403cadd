import { expect, test } from "vitest";
import { originsOf, urlOf } from "./origins.ts";

test("a server on the loopback trusts its own port under the names of the loopback, and nothing else", () => {
  const origins = originsOf({ host: "127.0.0.1", port: 3000 });
  expect([...origins].sort()).toEqual(["http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost:3000"]);
});

test("a server on all addresses trusts this machine's own, and those that it was told", () => {
  const origins = originsOf({ host: "0.0.0.0", port: 80, more: ["https://belay.example/"] });
  expect(origins).toContain("http://127.0.0.1");
  expect(origins).toContain("https://belay.example");
  expect(origins).not.toContain("http://0.0.0.0");
  expect(origins).not.toContain("http://belay.example");
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:3000"],
  ["0.0.0.0", "http://127.0.0.1:3000"],
  ["::", "http://127.0.0.1:3000"],
  ["::1", "http://[::1]:3000"],
])("a server that listens on %s is opened at %s", (host, url) => {
  expect(urlOf(host, 3000)).toBe(url);
});
