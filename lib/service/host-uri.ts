/**
 * One spelling per host, so that the same host enrolled twice is recognised: the user and the port are written only where they
 * differ from root and 22, names in small letters. Expects what `hostUri` of the contract let through.
 */
export function sameUri(uri: string): string {
  const parts = /^qemu\+ssh:\/\/(?:([^@/]+)@)?(.+?)(?::(\d+))?\/system$/.exec(uri);
  if (parts === null) return uri.toLowerCase();
  const [, user = "root", host = "", port = "22"] = parts;
  return `qemu+ssh://${user}@${host.toLowerCase()}${Number(port) === 22 ? "" : `:${Number(port)}`}/system`;
}

/** A host's name made of what it calls itself, or of its address: small letters, digits, dots and dashes. */
export function nameFrom(hostName: string | null, uri: string): string {
  const address = /^(?:qemu\+ssh|simulated):\/\/(?:[^@/]+@)?\[?([^\]/]+?)\]?(?::\d+)?(?:\/system)?$/.exec(uri)?.[1];
  const name = (hostName ?? address ?? "host")
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 63);
  return name === "" ? "host" : name;
}
