import { expect, test } from "vitest";
import { isGuest } from "./guests.ts";

const named = ["-name", "guest=web-1,debug-threads=on", "-S"];

test.each<[string, readonly string[], boolean]>([
  ["a guest", ["/usr/bin/qemu-system-x86_64", ...named], true],
  ["Red Hat's name for it", ["/usr/libexec/qemu-kvm", ...named], true],
  [
    "libvirt's look at what QEMU can",
    ["/usr/bin/qemu-system-x86_64", "-S", "-no-user-config", "-machine", "none"],
    false,
  ],
  ["a QEMU that somebody started by hand", ["qemu-system-x86_64", "-name", "mine"], false],
  ["its guest agent", ["/usr/bin/qemu-ga", ...named], false],
  ["a search for it", ["grep", "-name", "guest=web-1"], false],
  ["a kernel thread", [""], false],
  ["nothing", [], false],
])("%s", (_words, argv, guest) => expect(isGuest(argv)).toBe(guest));
