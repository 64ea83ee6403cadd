/** What a VM that is made from an image is made of: definition, seed, address of its card, names of files. Nothing here touches a host. */
export { type DomainSpec, domainXml } from "./domain-xml.ts";
export { allocationFiles, fileStem, renewedDisk } from "./files.ts";
export { macOf } from "./mac.ts";
export { type Seed, seedDisk, seedFiles } from "./seed.ts";
