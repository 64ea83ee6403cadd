import { describe, expect, test } from "vitest";
import { sshTarget } from "./target.ts";

describe("the address of a hypervisor", () => {
  test.each([
    ["qemu+ssh://root@198.18.0.2/system", "198.18.0.2", 22, "root"],
    ["qemu+ssh://host.example/system", "host.example", 22, "root"],
    ["qemu+ssh://belay@host.example:2222/system", "host.example", 2222, "belay"],
    ["qemu+ssh://root@[::1]:22/system", "::1", 22, "root"],
  ])("%s", (uri, host, port, username) => expect(sshTarget(uri)).toEqual({ host, port, username }));

  test.each(["", "host", "qemu:///system", "qemu+ssh:///system", "qemu+ssh://host/session", "ssh://host/system"])(
    "%j is refused with the field and the cure",
    (uri) => expect(() => sshTarget(uri)).toThrow(expect.objectContaining({ code: "bad-input", field: "uri" })),
  );
});
