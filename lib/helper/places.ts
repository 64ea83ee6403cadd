/** Where the helper lies on a host. /root is there before all other disks, and each lab host has its own. */
export const helperDir = "/root/.belay-host";
export const socketPath = "/run/belay-host/socket";
