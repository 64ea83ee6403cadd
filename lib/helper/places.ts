/** Where the helper lies on a host: beside what libvirt itself keeps, which every such host has, and each lab host for itself. */
export const helperDir = "/var/lib/libvirt/belay-host";
export const socketPath = "/run/belay-host/socket";
