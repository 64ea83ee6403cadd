import type { z } from "zod";
import { type FenceDeviceView, type fenceDeviceBody, fenceDeviceFor, keptSecret } from "../contract/index.ts";
import { BelayError, can, type FenceDevice, type FenceDeviceId, type HostId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";

type Body = z.infer<typeof fenceDeviceBody>;
type Options = FenceDevice["options"];

/** Where an agent's secrets are sent to. Whoever changes it types them again, or a stored password could be sent anywhere. */
const destinations = ["ip", "ipaddr", "ipport", "host"];

/** What is sent back as it was shown keeps its stored value. */
function withKept(body: Body, stored: FenceDevice | undefined): Options {
  const kept = Object.keys(body.options).filter((key) => body.options[key] === keptSecret);
  const unknown = kept.find((key) => stored?.options[key] === undefined);
  if (unknown !== undefined)
    throw new BelayError("bad-input", `options.${unknown}: there is no stored value to keep.`, {
      field: `options.${unknown}`,
      cure: "Type the value.",
    });
  if (stored === undefined || kept.length === 0) return body.options;
  const moved =
    stored.agent === body.agent ? destinations.find((key) => stored.options[key] !== body.options[key]) : "agent";
  if (moved !== undefined)
    throw new BelayError("bad-input", `${moved} changed, so what is kept secret must be typed again.`, {
      field: `options.${kept[0]}`,
      cure: `Type the value of ${kept.join(", ")} again.`,
    });
  return { ...body.options, ...Object.fromEntries(kept.map((key) => [key, stored.options[key] ?? ""])) };
}

export function fenceDeviceService({ store, clock, ids }: ServiceDeps) {
  const view = (device: FenceDevice): FenceDeviceView => fenceDeviceFor({ ...device, options: { ...device.options } });

  const free = async (host: HostId, position: number, self?: FenceDeviceId) => {
    const others = (await store.fenceDevices()).filter((it) => it.hostId === host && it.id !== self);
    if (others.some((it) => it.position === position))
      throw new BelayError("conflict", `The host has a power switch at position ${position} already.`, {
        field: "position",
        cure: "Choose another position: 1 is asked first.",
      });
  };

  return {
    /** A host's power switches, in the order in which they are asked. */
    async fenceDevices(viewer: Viewer, id: HostId): Promise<FenceDeviceView[]> {
      must(can.manageFencing(viewer));
      const host = found("host", await store.host(id), () => true);
      const own = (await store.fenceDevices()).filter((it) => it.hostId === host.id);
      return own.sort((a, b) => a.position - b.position).map(view);
    },

    /** It counts as protection once its test went well. */
    async addFenceDevice(viewer: Viewer, id: HostId, body: Body): Promise<FenceDeviceView> {
      must(can.manageFencing(viewer));
      const host = found("host", await store.host(id), () => true);
      await free(host.id, body.position);
      const device = { ...body, id: ids.next("fnc"), hostId: host.id, options: withKept(body, undefined) };
      return view(await store.putFenceDevice(device, viewer, clock.now()));
    },

    async changeFenceDevice(viewer: Viewer, id: FenceDeviceId, body: Body): Promise<FenceDeviceView> {
      must(can.manageFencing(viewer));
      const devices = await store.fenceDevices();
      const stored = found(
        "power switch",
        devices.find((it) => it.id === id),
        () => true,
      );
      await free(stored.hostId, body.position, stored.id);
      const device = { ...body, id: stored.id, hostId: stored.hostId, options: withKept(body, stored) };
      return view(await store.putFenceDevice(device, viewer, clock.now()));
    },

    async removeFenceDevice(viewer: Viewer, id: FenceDeviceId): Promise<void> {
      must(can.manageFencing(viewer));
      const devices = await store.fenceDevices();
      const stored = found(
        "power switch",
        devices.find((it) => it.id === id),
        () => true,
      );
      await store.removeFenceDevice(stored.id, viewer, clock.now());
    },
  };
}
