import {
  type DomainSight,
  type HostExaminer,
  type HostInstaller,
  HostUnreachable,
  type Ids,
} from "../../engine/ports.ts";
import { BelayError, type HostId, idSource, type OrganizationId, type Viewer, type Vm } from "../../model/index.ts";
import { openStore } from "../../store/index.ts";
import { testDatabase } from "../../store/testing/index.ts";
import { createService, type EndpointCaller } from "../index.ts";

/** For tests on a real database: a cloud with a provider, the customers Aster and Birch, and hosts that an examiner of ours shows. */

type Examined = Awaited<ReturnType<HostExaminer["examine"]>>;

export const ready = (uri: string, key = "SHA256:one"): Examined => ({
  uri,
  hostName: "One",
  hostKeySha256: key,
  hostKeyAlgorithm: "ssh-ed25519",
  ready: true,
  checks: [{ name: "libvirtd", ok: true, found: "9.0.0", cure: null }],
  belayPublicKey: "ssh-ed25519 AAAA belay",
  facts: { cpus: 4, memoryMiB: 8192, libvirtVersion: "9.0.0", qemuVersion: "7.2.22" },
});

const sight = (name: string, runId: number): DomainSight => ({
  uuid: crypto.randomUUID(),
  name,
  state: "running",
  reason: "none",
  runId,
  persistent: true,
  memoryMiB: 256,
  vcpus: 1,
});

export async function testCloud() {
  const database = await testDatabase();
  const ids: Ids = idSource(Date.now, Math.random);
  const store = await openStore({ databaseUrl: database.url, ids });
  /** What the next examinations find. */
  const found = new Map<string, Examined>();
  const examiner: HostExaminer = {
    async examine(uri) {
      return found.get(uri) ?? ready(uri);
    },
  };
  /** Does one step; a host called "bare" lacks something at the second. */
  const installer: HostInstaller = {
    async *install(host) {
      if (host.name === "dark") throw new HostUnreachable("no route");
      yield { phase: "node", words: "Node 20 is there." };
      if (host.name === "bare") throw new BelayError("not-available", "It has no room.", { cure: "Make room." });
      yield { phase: "answer", words: "It answers." };
    },
    async *uninstall() {},
  };
  const clock = { now: () => Date.now() };
  /** Endpoints that were tested, and one that may not be called. */
  const tested: string[] = [];
  const endpointCaller: EndpointCaller = {
    async check(url) {
      if (url.includes("forbidden")) throw new BelayError("bad-input", "It is a loopback address.", { field: "url" });
    },
    async test({ url }) {
      tested.push(url);
      if (url.includes("away")) return { ok: false, gone: false, words: "Nobody listens at the endpoint." };
      return { ok: true, gone: false, words: "The endpoint answered 204." };
    },
  };
  const service = createService({
    store: store.service,
    examiner,
    installer,
    endpointCaller,
    clock,
    ids,
    simulated: false,
  });

  const providerId = ids.next("org");
  const admin: Viewer = { userId: ids.next("usr"), name: "admin", organizationId: providerId, role: "provider" };
  const operator: Viewer = { ...admin, userId: null, name: "operator" };
  await store.service.createOrganization({ id: providerId, name: "Belay", role: "provider" }, admin, clock.now());
  const customer = async (name: string): Promise<Viewer> => {
    const { id } = await service.createOrganization(admin, { name });
    return { userId: ids.next("usr"), name: `person of ${name}`, organizationId: id, role: "customer" };
  };

  return {
    databaseUrl: database.url,
    store,
    service,
    ids,
    found,
    tested,
    admin,
    operator,
    aster: await customer("Aster"),
    birch: await customer("Birch"),

    /** A host that is up, with fault injection allowed. */
    async host(name: string, faultInjection = true): Promise<HostId> {
      const key = `SHA256:${name}`;
      const uri = `qemu+ssh://root@${name}/system`;
      found.set(uri, ready(uri, key));
      const { host } = await service.enrolHost(admin, { uri, name, approvedHostKeySha256: key, faultInjection });
      await store.engine.recordHost(host.id, "up", clock.now(), null);
      return host.id;
    },

    /** A running VM on the host. */
    async vm(host: HostId, name: string, owner?: OrganizationId): Promise<Vm> {
      const vm = await store.engine.adoptVm(
        host,
        sight(name, 7),
        { xml: "<domain/>", diskPaths: [] },
        "running",
        clock.now(),
      );
      return owner === undefined ? vm : store.service.changeVm(vm.id, { organizationId: owner }, admin, clock.now());
    },

    async [Symbol.asyncDispose]() {
      await store.close();
      await database.close();
    },
  };
}
export type TestCloud = Awaited<ReturnType<typeof testCloud>>;
