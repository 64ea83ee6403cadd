import { describe, expect, it } from "vitest";
import { fingerprint } from "./host/files.ts";
import { publicKeyLine } from "./keys.ts";

const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIGdpXyHmTuVzGwQGsodRwWMS37GlKnci6wICH0HL626X";

describe("public keys", () => {
  it("takes a line with and without comment, and trims it", () => {
    expect(publicKeyLine(`ssh-ed25519 ${blob} me@here\n`)).toBe(`ssh-ed25519 ${blob} me@here`);
    expect(publicKeyLine(`ecdsa-sha2-nistp256 ${blob}`)).toBe(`ecdsa-sha2-nistp256 ${blob}`);
  });

  it.each([
    ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n"],
    ["two lines", `ssh-ed25519 ${blob}\nssh-ed25519 ${blob}`],
    ["options before the key", `command="id" ssh-ed25519 ${blob}`],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(() => publicKeyLine(text)).toThrow(/not a public key/);
  });

  it("has the fingerprint of ssh-keygen -l", () => {
    // ssh-keygen -lf on this very line says so.
    expect(fingerprint(`ssh-ed25519 ${blob} belay`)).toBe("SHA256:FGLcllAHx3fvWUZkZpj2QF0Py5/AG/LeEZnTER+Jzzc");
  });
});
