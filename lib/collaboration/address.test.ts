import { expect, test } from "vitest";
import { judgeAddress } from "./address.ts";
import { checkUrl } from "./checked-url.ts";

const nothing = { allowed: [], own: [] };

test.each([
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "100.127.255.254",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.8",
  "192.0.2.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.7",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:93.184.216.34",
  "64:ff9b::7f00:1",
  "64:ff9b:1::a00:1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%eth0",
  "febf::1",
  "fec0::1",
  "ff02::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "3fff::1",
  "5f00::1",
  "4000::1",
  "localhost",
  "",
])("%s may not be called", (address) => {
  expect(judgeAddress(address, nothing)).toMatchObject({ ok: false });
});

test.each(["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "198.20.0.1", "223.255.255.255"])(
  "%s may be called, by HTTPS",
  (address) => expect(judgeAddress(address, nothing)).toEqual({ ok: true, byName: false }),
);

test.each(["2606:4700:4700::1111", "2a00:1450:4001::200e", "2400:cb00::1"])("%s may be called, by HTTPS", (address) =>
  expect(judgeAddress(address, nothing)).toEqual({ ok: true, byName: false }),
);

test.each([
  ["127.0.0.1", ["127.0.0.0/8"], [], true],
  ["::1", ["127.0.0.0/8"], [], false],
  ["::ffff:127.0.0.1", ["127.0.0.0/8"], [], false],
  ["10.2.0.9", ["10.2.0.0/16"], [], true],
  ["10.3.0.9", ["10.2.0.0/16"], [], false],
  ["fd00::9", ["fd00::/8"], [], true],
  ["93.184.216.34", [], ["93.184.216.0/24"], false],
  ["93.184.216.34", [], ["93.184.216.34"], false],
  ["93.184.216.35", [], ["93.184.216.34"], true],
  ["93.184.216.34", ["93.184.216.34/32"], ["93.184.216.0/24"], true],
  ["2606:4700::1", [], ["2606:4700::/32"], false],
  ["10.2.0.9", ["nonsense", "10.0.0.0/99"], ["also nonsense"], false],
])("%s with %j allowed and %j the provider's own: %s", (address, allowed, own, ok) => {
  expect(judgeAddress(address, { allowed, own }).ok).toBe(ok);
});

const names: Record<string, readonly string[]> = {
  "good.example": ["93.184.216.34", "2606:4700::1"],
  "half.example": ["93.184.216.34", "127.0.0.1"],
  "inside.example": ["10.0.0.8"],
  "lab.example": ["127.0.0.5"],
  "mixed.example": ["127.0.0.5", "93.184.216.34"],
};
const lookup = async (host: string) => names[host] ?? Promise.reject(new Error("ENOTFOUND"));
const check = (url: string, allowed: readonly string[] = []) => checkUrl(url, { allowed, own: [] }, lookup);

test.each([
  ["https://good.example/belay", []],
  ["https://good.example:8443/", []],
  ["https://93.184.216.34/", []],
  ["https://[2606:4700::1]/", []],
  ["http://127.0.0.5:8080/", ["127.0.0.0/8"]],
  ["http://lab.example/", ["127.0.0.0/8"]],
  ["https://mixed.example/", ["127.0.0.0/8"]],
])("%s with %j allowed may be called", async (url, allowed) => {
  expect((await check(url, allowed)).addresses.length).toBeGreaterThan(0);
});

test.each([
  ["http://good.example/", []],
  ["http://mixed.example/", ["127.0.0.0/8"]],
  ["https://half.example/", []],
  ["https://inside.example/", []],
  ["https://unknown.example/", []],
  ["https://localhost/", []],
  ["https://127.0.0.1/", []],
  ["https://2130706433/", []],
  ["https://0x7f.1/", []],
  ["https://0177.0.0.1/", []],
  ["https://[::1]/", []],
  ["https://[::ffff:127.0.0.1]/", []],
  ["https://[::ffff:a9fe:a9fe]/", []],
  ["https://user:secret@good.example/", []],
  ["ftp://good.example/", []],
  ["file:///etc/passwd", []],
  ["good.example", []],
])("%s with %j allowed is refused, with the field and the cure", async (url, allowed) => {
  const refusal = await check(url, allowed).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "bad-input", field: "url", cure: expect.stringMatching(/.+/) });
});
