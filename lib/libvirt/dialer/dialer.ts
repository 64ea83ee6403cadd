import type { Duplex } from "node:stream";

/** The one seam between the client and the world: a byte stream to a libvirt daemon, open when the promise is kept. */
export interface Dialer {
  /** What is dialled, for people: "unix:/run/libvirt/libvirt-sock", "ssh root@198.18.0.11". */
  readonly target: string;
  /** Rejects with an RpcError; gives up when the signal fires. */
  dial(signal: AbortSignal): Promise<Duplex>;
}
