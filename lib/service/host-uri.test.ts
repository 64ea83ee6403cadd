import { expect, test } from "vitest";
import { nameFrom, sameUri } from "./host-uri.ts";

test.each([
  ["qemu+ssh://host-1/system", "qemu+ssh://root@host-1/system"],
  ["qemu+ssh://root@HOST-1:22/system", "qemu+ssh://root@host-1/system"],
  ["qemu+ssh://root@host-1:022/system", "qemu+ssh://root@host-1/system"],
  ["qemu+ssh://ops@host-1:2222/system", "qemu+ssh://ops@host-1:2222/system"],
  ["qemu+ssh://[FD00::1]/system", "qemu+ssh://root@[fd00::1]/system"],
  ["qemu+ssh://[fd00::1]:2222/system", "qemu+ssh://root@[fd00::1]:2222/system"],
  ["simulated://host-1", "simulated://host-1"],
])("%s is the host %s", (uri, same) => {
  expect(sameUri(uri)).toBe(same);
  expect(sameUri(same)).toBe(same);
});

test.each([
  ["Node_1.rack", "qemu+ssh://root@10.0.0.1/system", "node-1.rack"],
  [null, "qemu+ssh://root@10.0.0.1:2222/system", "10.0.0.1"],
  [null, "qemu+ssh://root@[fd00::1]:22/system", "fd00--1"],
  [null, "simulated://host-3", "host-3"],
  ["---", "qemu+ssh://root@10.0.0.1/system", "host"],
  ["n".repeat(80), "qemu+ssh://root@10.0.0.1/system", "n".repeat(63)],
])("a host that calls itself %s at %s is named %s", (hostName, uri, name) => {
  expect(nameFrom(hostName, uri)).toBe(name);
});
