import type { HostCheckResult, HostExaminer } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import type { SimHost } from "../world/types.ts";
import { answersNetwork, type World } from "../world/world.ts";

const examineMs = 300;

/** Examines hosts of the simulated cloud. The key that it prints is no key: there is nothing to log in to. */
export const simulatedExaminer = (world: World): HostExaminer => ({
  async examine(uri, approvedHostKeySha256) {
    await world.clock.sleep(examineMs);
    const host = world.hostByUri(uri);
    if (!host)
      throw new BelayError("host-unreachable", `${uri} is no host of the simulated cloud.`, {
        field: "uri",
        cure: `Name one of ${world
          .hosts()
          .map((it) => it.uri)
          .join(", ")}.`,
      });
    if (!answersNetwork(host, world.clock.now()))
      throw new BelayError("host-unreachable", `${host.name} does not answer.`, {
        field: "uri",
        cure: "See that the host is switched on and its network reaches this machine.",
      });
    const checks = checksOf(host, approvedHostKeySha256);
    const seen = checks.length > 1;
    return {
      uri,
      hostName: seen ? host.name : null,
      hostKeySha256: host.hostKeySha256,
      hostKeyAlgorithm: "ssh-ed25519",
      ready: seen && checks.every((it) => it.ok),
      checks,
      belayPublicKey: "ssh-ed25519 SIMULATED belay@simulated-cloud",
      facts: seen && host.libvirtd === "up" ? host.facts : null,
    };
  },
});

function checksOf(host: SimHost, approved: string | undefined): HostCheckResult[] {
  if (approved !== host.hostKeySha256)
    return [
      {
        name: "host-key",
        ok: false,
        found: `The host shows ${host.hostKeySha256}, ${approved === undefined ? "and nobody has approved it yet" : `approved was ${approved}`}.`,
        cure: "Compare it with what `ssh-keygen -l` prints on the host, and approve it if they are the same.",
      },
    ];
  const libvirtd = host.libvirtd === "up";
  const ok = (name: HostCheckResult["name"], found: string): HostCheckResult => ({ name, ok: true, found, cure: null });
  const first = [
    ok("host-key", `${host.hostKeySha256}, as approved.`),
    ok("ssh-login", "The login works (simulated)."),
  ];
  if (!libvirtd)
    return [
      ...first,
      { name: "libvirtd", ok: false, found: "libvirtd does not run.", cure: "Start it: systemctl start libvirtd" },
    ];
  return [
    ...first,
    ok("libvirtd", "libvirtd answers (simulated)."),
    ok("rights", "Domains may be started and stopped (simulated)."),
    ok("versions", `libvirt ${host.facts.libvirtVersion}, QEMU ${host.facts.qemuVersion}.`),
    ok("storage", "The images can be read and written (simulated)."),
    ok("events", "Domain events arrive (simulated)."),
  ];
}
