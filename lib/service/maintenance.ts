import type { z } from "zod";
import type { beginMaintenanceBody, DrainPreview, MaintenanceView } from "../contract/index.ts";
import { planDrain } from "../decide/index.ts";
import { BelayError, can, type HostId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";

/** Working on a host: its VMs are moved off it, and nothing is repaired against it until the person is done. */
export function maintenanceService({ store, clock, ids }: ServiceDeps) {
  const hostOf = async (viewer: Viewer, id: HostId) => {
    must(can.maintainHosts(viewer));
    return found("host", await store.host(id), () => true);
  };

  return {
    /** Newest first. */
    async maintenances(viewer: Viewer): Promise<MaintenanceView[]> {
      must(can.maintainHosts(viewer));
      return (await store.maintenances()).sort((a, b) => b.startedAt - a.startedAt);
    },

    /** What would move where, and what would stay and why, if it began now. Keeps nothing. */
    async previewMaintenance(viewer: Viewer, id: HostId): Promise<DrainPreview> {
      const host = await hostOf(viewer, id);
      const [policy, hosts, vms] = await Promise.all([store.policy(), store.hosts(), store.vms()]);
      const { moves, stays } = planDrain({ policy, hosts, vms }, host.id);
      const known = new Map(vms.map((vm) => [vm.id, vm]));
      return {
        moves: moves.map((move) => ({
          vmId: move.vmId,
          name: known.get(move.vmId)?.name ?? "",
          toHostId: move.host,
          memoryMiB: known.get(move.vmId)?.memoryMiB ?? 0,
        })),
        stays: stays.map((stay) => ({ ...stay, name: known.get(stay.vmId)?.name ?? "" })),
      };
    },

    /** Written down when it returns; the engine does it. */
    async beginMaintenance(
      viewer: Viewer,
      id: HostId,
      { parallel }: z.infer<typeof beginMaintenanceBody>,
    ): Promise<MaintenanceView> {
      const host = await hostOf(viewer, id);
      const may = can.beginMaintenance(viewer, host);
      if (may !== true)
        throw new BelayError("conflict", `${host.name}: ${may}`, {
          field: "id",
          cure: "Wait until the host is in use, or end the maintenance that there is.",
        });
      return store.beginMaintenance({ id: ids.next("mnt"), hostId: host.id, parallel }, viewer, clock.now());
    },

    /** The host is used again. Moves that are under way are finished. */
    async endMaintenance(viewer: Viewer, id: HostId): Promise<MaintenanceView> {
      const host = await hostOf(viewer, id);
      const open = (await store.maintenances()).find((it) => it.hostId === host.id && it.endedAt === null);
      if (open === undefined)
        throw new BelayError("conflict", `${host.name} is not in maintenance.`, {
          field: "id",
          cure: "Look at the host again: somebody may have ended it.",
        });
      return store.endMaintenance(open.id, viewer, clock.now());
    },
  };
}
