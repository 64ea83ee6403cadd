import type { z } from "zod";
import type {
  changeHostBody,
  enrolHostBody,
  enrolHostReply,
  examineHostBody,
  HostExamination,
  HostView,
} from "../contract/index.ts";
import type { HostExaminer } from "../engine/ports.ts";
import { BelayError, can, type Host, type HostId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { nameFrom, sameUri } from "./host-uri.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** A refusal of enrolment that carries everything that was looked at. */
export class HostNotReady extends BelayError {
  readonly checks: HostExamination["checks"];
  constructor(checks: HostExamination["checks"]) {
    const lacks = checks.filter((check) => !check.ok);
    super(
      "host-not-ready",
      `The host is not ready: ${lacks.map((check) => `${check.name} (${check.found})`).join(", ") || "it did not say why"}.`,
      {
        field: "uri",
        cure: lacks.flatMap((check) => check.cure ?? []).join(" ") || "Examine the host for what it lacks.",
      },
    );
    this.checks = checks;
  }
}

type Examined = Awaited<ReturnType<HostExaminer["examine"]>>;

const examinationView = (seen: Examined): HostExamination => ({
  uri: seen.uri,
  hostKeySha256: seen.hostKeySha256,
  hostKeyAlgorithm: seen.hostKeyAlgorithm,
  ready: seen.ready,
  checks: seen.checks,
  belayPublicKey: seen.belayPublicKey,
});

const keyChanged = (message: string, cure: string) =>
  new BelayError("host-key-changed", message, { field: "approvedHostKeySha256", cure });

export function hostService({ store, examiner, clock, ids }: ServiceDeps) {
  /** The host that is enrolled under this address already. Throws where the address or the key belongs to another one. */
  async function enrolled(uri: string, hostKeySha256: string): Promise<Host | undefined> {
    const hosts = await store.hosts();
    const same = hosts.find((host) => sameUri(host.uri) === uri);
    if (same !== undefined && same.hostKeySha256 !== hostKeySha256)
      throw keyChanged(
        `${same.name} is enrolled with another host key, ${same.hostKeySha256}.`,
        `If the host was installed anew, remove ${same.name} first, then add it again.`,
      );
    const twin = hosts.find((host) => host.hostKeySha256 === hostKeySha256 && host !== same);
    if (twin !== undefined)
      throw new BelayError("conflict", `The host with this key is enrolled already, as ${twin.name} (${twin.uri}).`, {
        field: "uri",
        cure: "One host is watched once. If these are two machines, give each a host key of its own.",
      });
    return same;
  }

  return {
    async hosts(viewer: Viewer): Promise<HostView[]> {
      must(can.seeHosts(viewer));
      return store.hosts();
    },

    /** Looks and keeps nothing. Logs in only where the shown key is the approved one. */
    async examineHost(viewer: Viewer, body: z.infer<typeof examineHostBody>): Promise<HostExamination> {
      must(can.manageHosts(viewer));
      return examinationView(await examiner.examine(sameUri(body.uri), body.approvedHostKeySha256));
    },

    /** Looks once more with the approved key, then watches the host. The same host twice is one. */
    async enrolHost(
      viewer: Viewer,
      body: z.infer<typeof enrolHostBody>,
    ): Promise<z.infer<typeof enrolHostReply> & { readonly created: boolean }> {
      must(can.manageHosts(viewer));
      const uri = sameUri(body.uri);
      const seen = await examiner.examine(uri, body.approvedHostKeySha256);
      if (seen.hostKeySha256 !== body.approvedHostKeySha256)
        throw keyChanged(
          `The host shows the key ${seen.hostKeySha256}, not the one that was approved.`,
          "Examine the host again and compare the fingerprint with what its console says.",
        );
      const examination = examinationView(seen);
      const same = await enrolled(uri, seen.hostKeySha256);
      if (same !== undefined) return { host: same, examination, created: false };
      if (!seen.ready) throw new HostNotReady(seen.checks);
      const name = body.name ?? nameFrom(seen.hostName, uri);
      const at = clock.now();
      const host = {
        id: ids.next("hst"),
        name,
        uri,
        hostKeySha256: seen.hostKeySha256,
        cpus: seen.facts?.cpus ?? null,
        memoryMiB: seen.facts?.memoryMiB ?? null,
        libvirtVersion: seen.facts?.libvirtVersion ?? null,
        qemuVersion: seen.facts?.qemuVersion ?? null,
        faultInjection: body.faultInjection,
        enrolledAt: at,
      };
      try {
        if ((await store.hosts()).some((host) => host.name === name))
          throw new BelayError("conflict", `Another host is called ${name}.`, {
            field: "name",
            cure: "Choose another name.",
          });
        return { host: await store.enrolHost(host, viewer, at), examination, created: true };
      } catch (error) {
        if (!(error instanceof BelayError && error.code === "conflict")) throw error;
        const faster = await enrolled(uri, seen.hostKeySha256); // somebody enrolled it since we looked, by the same name
        if (faster === undefined) throw error;
        return { host: faster, examination, created: false };
      }
    },

    /** Where it stands, which directories it shares, whether faults may be injected. */
    async changeHost(viewer: Viewer, id: HostId, body: z.infer<typeof changeHostBody>): Promise<HostView> {
      must(can.changeHosts(viewer));
      const host = found("host", await store.host(id), () => can.seeHosts(viewer));
      const { sharedPaths } = body;
      const twice = sharedPaths?.find((path, index) => sharedPaths.indexOf(path) !== index);
      if (twice !== undefined)
        throw new BelayError("bad-input", `${twice} is named twice.`, { field: "sharedPaths", cure: "Name it once." });
      return store.changeHost(host.id, withoutUndefined(body), viewer, clock.now());
    },

    /** Forgets the host and its VMs. No guest is touched. */
    async removeHost(viewer: Viewer, id: HostId): Promise<void> {
      must(can.manageHosts(viewer));
      const host = found("host", await store.host(id), () => can.seeHosts(viewer));
      await store.removeHost(host.id, viewer, clock.now());
    },
  };
}
