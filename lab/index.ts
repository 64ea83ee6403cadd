/** The lab's only door: real libvirt hosts on one Linux machine, for tests, benches and `npm start`. See README.md. */

export { type AuctionOptions, auctionDescription, auctionDir } from "./auction/describe.ts";
export { setBmc } from "./bmc.ts";
export { type LabDownOptions, labDown } from "./down.ts";
export { createGuest, type GuestInfo, type GuestOptions } from "./guest/create.ts";
export { type EnsureImageOptions, ensureImage, type GuestImage } from "./guest/image.ts";
export { type ImageName, imageNames } from "./guest/inputs.ts";
export { type LabImage, labImage, labNetwork } from "./guest/lab-image.ts";
export { type GuestStatus, listGuests, removeGuest } from "./guest/list.ts";
export type { ServerArchiveInfo } from "./guest/servers/archives.ts";
export { isolate, rejoin } from "./isolate.ts";
export { startLibvirtd, stopLibvirtd } from "./libvirtd.ts";
export type { OnPhase, Phase } from "./phases.ts";
export { cut, mend, powerCycle, powerOff, powerOn } from "./power.ts";
export { runOnHost } from "./run-on-host.ts";
export { labNames } from "./state.ts";
export { readLab } from "./status.ts";
export { labSupported, requiredDebianPackages, type Support } from "./support.ts";
export { LabError } from "./system/error.ts";
export { defaultLab, type LabHost, type LabState, type LabUpOptions } from "./types.ts";
export { labUp } from "./up.ts";
