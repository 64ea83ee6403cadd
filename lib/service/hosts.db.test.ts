import { afterAll, beforeAll, expect, test } from "vitest";
import { BelayError } from "../model/index.ts";
import { HostNotReady } from "./index.ts";
import { ready, type TestCloud, testCloud } from "./testing/cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await testCloud();
});
afterAll(() => cloud[Symbol.asyncDispose]());

const enrolment = (name: string) => {
  const uri = `qemu+ssh://root@${name}/system`;
  const key = `SHA256:${name}`;
  cloud.found.set(uri, ready(uri, key));
  return { uri, name, approvedHostKeySha256: key, faultInjection: false };
};
const refusal = (code: string, field?: string) =>
  expect.objectContaining({ code, ...(field !== undefined && { field }), cure: expect.any(String) });

test("a host whose key was approved is enrolled with what was found, and audited", async () => {
  const { service, admin } = cloud;
  const { host, created, examination } = await service.enrolHost(admin, enrolment("plain"));
  expect(created).toBe(true);
  expect(examination.ready).toBe(true);
  expect(host).toMatchObject({
    name: "plain",
    state: "connecting",
    cpus: 4,
    qemuVersion: "7.2.22",
    faultInjection: false,
  });
  expect(await service.hosts(admin)).toContainEqual(host);
});

test("the same host again, also in another spelling and at the same time, is the host that there is", async () => {
  const { service, admin } = cloud;
  const body = enrolment("twice");
  const { host } = await service.enrolHost(admin, body);
  const again = await service.enrolHost(admin, { ...body, uri: "qemu+ssh://TWICE:22/system" });
  expect(again).toMatchObject({ host: { id: host.id }, created: false });
  const racing = enrolment("raced");
  const [one, other] = await Promise.all([service.enrolHost(admin, racing), service.enrolHost(admin, racing)]);
  expect(one.host.id).toBe(other.host.id);
  expect([one.created, other.created].sort()).toEqual([false, true]);
});

test("a host that shows another key than the approved one is not enrolled", async () => {
  const { service, admin } = cloud;
  const body = enrolment("swapped");
  cloud.found.set(body.uri, ready(body.uri, "SHA256:impostor"));
  await expect(service.enrolHost(admin, body)).rejects.toEqual(refusal("host-key-changed", "approvedHostKeySha256"));
  expect((await service.hosts(admin)).map(({ name }) => name)).not.toContain("swapped");
});

test("a new key at an enrolled address is refused until the host was removed", async () => {
  const { service, admin } = cloud;
  const { host } = await service.enrolHost(admin, enrolment("reinstalled"));
  const fresh = { ...enrolment("reinstalled"), approvedHostKeySha256: "SHA256:fresh" };
  cloud.found.set(fresh.uri, ready(fresh.uri, "SHA256:fresh"));
  await expect(service.enrolHost(admin, fresh)).rejects.toEqual(refusal("host-key-changed"));
  await service.removeHost(admin, host.id);
  expect((await service.enrolHost(admin, fresh)).created).toBe(true);
});

test("one machine under two addresses is one host", async () => {
  const { service, admin } = cloud;
  const body = enrolment("front");
  await service.enrolHost(admin, body);
  const back = "qemu+ssh://root@back/system";
  cloud.found.set(back, ready(back, body.approvedHostKeySha256));
  await expect(service.enrolHost(admin, { ...body, uri: back, name: "back" })).rejects.toEqual(
    refusal("conflict", "uri"),
  );
});

test("a host that lacks something is refused with every check and each cure", async () => {
  const { service, admin } = cloud;
  const body = enrolment("bare");
  const checks = [
    { name: "ssh-login", ok: true, found: "logged in", cure: null },
    { name: "libvirtd", ok: false, found: "no socket", cure: "Install libvirt-daemon-system." },
  ] as const;
  cloud.found.set(body.uri, { ...ready(body.uri, body.approvedHostKeySha256), ready: false, checks: [...checks] });
  const refused = await service.enrolHost(admin, body).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(HostNotReady);
  expect(refused).toMatchObject({ code: "host-not-ready", cure: "Install libvirt-daemon-system.", checks });
});

test("two hosts have two names", async () => {
  const { service, admin } = cloud;
  await service.enrolHost(admin, enrolment("named"));
  const other = { ...enrolment("other"), name: "named" };
  await expect(service.enrolHost(admin, other)).rejects.toEqual(refusal("conflict", "name"));
});

test("customers see, examine, enrol and remove no host", async () => {
  const { service, admin, aster } = cloud;
  const { host } = await service.enrolHost(admin, enrolment("private"));
  const body = enrolment("wish");
  for (const attempt of [
    () => service.hosts(aster),
    () => service.examineHost(aster, body),
    () => service.enrolHost(aster, body),
    () => service.removeHost(aster, host.id),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: "not-allowed" });
  expect((await service.cloud(aster)).hosts).toEqual([]);
});

test("removing what is not there says so", async () => {
  const { service, admin, ids } = cloud;
  await expect(service.removeHost(admin, ids.next("hst"))).rejects.toBeInstanceOf(BelayError);
});
