import type { ServiceStore } from "../../engine/ports.ts";
import { BelayError, type EpochMs } from "../../model/index.ts";
import { emitIncident } from "../engine/incidents.ts";
import { emitMaintenance } from "../engine/maintenance.ts";
import type { Parts } from "../parts.ts";
import { freshHostRow, present, toHost } from "../rows/host.ts";
import { idOf, idOrNull, instant } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";
import type { Write } from "../write/writer.ts";
import { audit } from "./audit.ts";

type HostPart = Pick<ServiceStore, "enrolHost" | "removeHost">;

/** Nothing stays open on a host that Belay forgets: whoever looks at an incident or an intent has to learn how it ended. */
async function endWhatIsOpen(write: Write, hostId: string, at: EpochMs): Promise<void> {
  const { db } = write;
  const reason = "Its host was removed from Belay."; // read by the VM's owner too: no name
  // A VM that failed here and was given to another host goes on there; the host's own incident has no VM.
  const mine = { OR: [{ vm: { hostId } }, { vmId: null, hostId }] };
  const onHost = { finishedAt: null, OR: [{ vm: { hostId } }, { vmId: null, incident: { hostId } }] };
  const repairs = await db.repair.findMany({ where: onHost, select: { id: true, words: true } });
  for (const { id, words } of repairs)
    await db.repair.update({
      where: { id },
      data: { state: "handed-over", words: `${words} ${reason}`, finishedAt: instant(at) },
    });
  const incidents = await db.incident.findMany({
    where: { endedAt: null, ...mine },
    orderBy: { id: "asc" },
    include: { vm: true },
  });
  for (const { id } of incidents)
    await db.incident.update({
      where: { id },
      data: { state: "cleared", words: reason, awaits: null, endedAt: instant(at) },
    });
  for (const { id, vm } of incidents)
    await emitIncident(write, idOf("inc", id), at, vm === null ? reason : `VM ${vm.name}: ${reason}`);
  const maintenances = await db.maintenance.findMany({ where: { hostId, endedAt: null }, select: { id: true } });
  for (const { id } of maintenances) {
    await db.maintenance.update({ where: { id }, data: { state: "ended", words: reason, endedAt: instant(at) } });
    await emitMaintenance(write, idOf("mnt", id), at, reason);
  }
  const devices = await db.fenceDevice.findMany({ where: { hostId }, orderBy: { id: "asc" }, select: { id: true } });
  await db.fenceDevice.deleteMany({ where: { hostId } });
  for (const { id } of devices)
    write.emit(at, `A fence device is forgotten. ${reason}`, {
      kind: "fence-device.removed",
      fenceDeviceId: idOf("fnc", id),
    });
  // Whose own host cannot be asked may have arrived: that it was on its way here is the only trace of it.
  const bound = await db.vm.findMany({
    where: { movingTo: hostId, host: { state: "up" }, ...present },
    orderBy: { id: "asc" },
  });
  for (const { id } of bound) {
    const vm = toVm(await db.vm.update({ where: { id }, data: { movingTo: null } }));
    write.emit(at, `VM ${vm.name} is not being moved any more: that host was removed.`, { kind: "vm.changed", vm });
  }
  await db.intent.updateMany({
    // A fault was meant for this host; what is wished of a VM goes along with it.
    where: {
      endedAt: null,
      OR: [
        { kind: "kill-vm", hostId },
        { kind: "checkpoint", vm: { hostId } },
      ],
    },
    data: { ok: false, words: reason, endedAt: instant(at) },
  });
}

export const serviceHosts = ({ write, ids }: Parts): HostPart => ({
  /** The same id twice is one host. Another enrolled host with this address is a conflict. */
  enrolHost: (host, by, at) =>
    write(async (tx) => {
      const { db } = tx;
      const known = await db.host.findUnique({ where: { id: host.id } });
      if (known !== null && known.removedAt === null && known.uri === host.uri) return toHost(known);
      const same = await db.host.findFirst({ where: { uri: host.uri, ...present } });
      if (same !== null)
        throw new BelayError("conflict", `${host.uri} is enrolled already, as ${same.name}.`, {
          field: "uri",
          cure: `Use host ${same.id}, or remove it first.`,
        });
      if (known !== null)
        throw new BelayError("conflict", `The id ${host.id} belongs to another host.`, { field: "id" });
      const { id, name, uri, hostKeySha256, cpus, memoryMiB, libvirtVersion, qemuVersion, faultInjection } = host;
      const row = await db.host.create({
        data: {
          ...freshHostRow,
          ...{ id, name, uri, hostKeySha256, cpus, memoryMiB, libvirtVersion, qemuVersion, faultInjection },
          rack: host.rack ?? freshHostRow.rack,
          sharedPaths: [...(host.sharedPaths ?? freshHostRow.sharedPaths)],
          enrolledAt: instant(host.enrolledAt),
          state: "connecting",
          stateSince: instant(at),
        },
      });
      const enrolled = toHost(row);
      await audit(tx, ids, by, at, {
        action: "host.enrol",
        subject: id,
        details: { name, uri, hostKeySha256, faultInjection },
      });
      tx.emit(at, `Host ${name} was enrolled by ${by.name}.`, { kind: "host.changed", host: enrolled });
      tx.wake("hosts");
      return enrolled;
    }),

  /**
   * Host and VMs stay in their tables for history and are seen no more; the same address may be enrolled anew. What was open for
   * them ends with the reason. Twice is once.
   */
  removeHost: (id, by, at) =>
    write(async (tx) => {
      const { db } = tx;
      const host = await db.host.findUnique({ where: { id } });
      if (host === null) throw new BelayError("not-found", `There is no host ${id}.`);
      if (host.removedAt !== null) return;
      await endWhatIsOpen(tx, id, at);
      const vms = await db.vm.findMany({ where: { hostId: id, ...present }, orderBy: { id: "asc" } });
      await db.vm.updateMany({ where: { hostId: id, ...present }, data: { removedAt: instant(at) } });
      for (const vm of vms)
        tx.emit(at, `VM ${vm.name} on host ${host.name} is watched no more.`, {
          kind: "vm.removed",
          vmId: idOf("vm", vm.id),
          organizationId: idOrNull("org", vm.organizationId),
        });
      await db.host.update({ where: { id }, data: { removedAt: instant(at) } });
      await audit(tx, ids, by, at, { action: "host.remove", subject: id, details: { name: host.name, uri: host.uri } });
      tx.emit(at, `Host ${host.name} was removed by ${by.name}; no guest was touched.`, {
        kind: "host.removed",
        hostId: id,
      });
      tx.wake("hosts");
    }),
});
