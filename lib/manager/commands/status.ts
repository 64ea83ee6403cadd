import { allocations, applicationNamed, manager, vms } from "../api/index.ts";
import { startOrder } from "../description/index.ts";
import type { Opened } from "../work/index.ts";
import { type ManagerIo, type Result, table } from "./io.ts";

/** How servers, VMs, sensors and protection are now, each as whoever knows it says. */
export async function statusOf(work: Opened, io: ManagerIo): Promise<Result> {
  const { description, records, hands, api } = work;
  const act = { signal: AbortSignal.any([io.signal, AbortSignal.timeout(15_000)]), progress: () => {} };
  const away = (error: unknown): undefined => {
    io.board.line(error instanceof Error ? error.message : String(error));
    return undefined;
  };
  const [application, machines, allocated, standing] = await Promise.all([
    applicationNamed(api, description.application.name).catch(away),
    vms(api).catch(() => undefined),
    allocations(api).catch(() => undefined),
    manager(api).catch(() => undefined),
  ]);
  const vmLines = description.vms.map(({ name }) => {
    const record = records.get(name);
    const seen = machines?.find(({ id }) => id === record.vmId);
    const allocation = allocated?.find(({ id }) => id === record.allocationId);
    return {
      vm: name,
      state: seen?.state ?? allocation?.state ?? (record.allocationId === null ? "not made" : "unknown"),
      address: record.address,
      generation: seen?.generation ?? null,
    };
  });
  const serverLines = await Promise.all(
    startOrder(description).map(async (server) => {
      if (records.of(server.vm) === undefined) return { server: server.name, ok: false, words: "its VM is not made" };
      return { server: server.name, ...(await hands.health(server, act)) };
    }),
  );
  const applicationId = application?.id;
  const sensors = standing?.sensors.find((report) => report.applicationId === applicationId)?.sensors ?? [];
  const held = standing?.manager ?? null;
  const bad = serverLines.filter(({ ok }) => !ok);
  return {
    data: {
      application: description.application.name,
      mode: application?.mode ?? null,
      ...{ vms: vmLines, servers: serverLines, sensors },
      manager: held,
    },
    lines: [
      ...table([["VM", "state", "address"], ...vmLines.map(({ vm, state, address }) => [vm, state, address ?? ""])]),
      "",
      ...table([
        ["server", "", ""],
        ...serverLines.map(({ server, ok, words }) => [server, ok ? "works" : "DOES NOT WORK", words]),
      ]),
      "",
      `Sensors: ${sensors.length === 0 ? "none was told to the provider" : `${sensors.length}, ${sensors.filter(({ state }) => state === "failing").length} failing`}.`,
      `Protection: ${application === undefined ? "not known, the provider does not answer or does not know the application" : application.mode}.`,
      `Manager: ${held === null ? "none was ever connected" : held.connected ? `${held.name} is connected and active` : `${held.name} was connected, and is not now`}.`,
    ],
    next: vmLines.some(({ state }) => state === "not made")
      ? "belay-manager up FILE"
      : bad.length > 0
        ? `belay-manager repair FILE ${bad[0]?.server}`
        : held?.connected
          ? "nothing: all works."
          : "belay-manager run FILE stays and takes part in repairs.",
    ok: bad.length === 0,
  };
}
