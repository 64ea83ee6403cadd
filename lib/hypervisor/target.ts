import { BelayError } from "../model/index.ts";

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly username: string;
}

/** Where `qemu+ssh://[USER@]ADDRESS[:PORT]/system` points. The user is root when none is named. */
export function sshTarget(uri: string): SshTarget {
  const url = URL.parse(uri);
  if (url === null || url.protocol !== "qemu+ssh:" || url.hostname === "" || url.pathname !== "/system") {
    throw new BelayError("bad-input", `"${uri}" is not the address of a hypervisor.`, {
      field: "uri",
      cure: "Write it like qemu+ssh://root@ADDRESS/system",
    });
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 22 : Number(url.port),
    username: url.username === "" ? "root" : decodeURIComponent(url.username),
  };
}
