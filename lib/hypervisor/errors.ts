import { HostUnreachable, HypervisorRefused } from "../engine/ports.ts";
import { isRpcError, LibvirtError, RpcError } from "../libvirt/index.ts";

/** The library's errors as the engine knows them: the host could not be asked, or it said no. Anything else is a bug and stays. */
export function asPortError(error: unknown): unknown {
  if (error instanceof LibvirtError) return new HypervisorRefused(error.message, { cause: error });
  if (isRpcError(error, "QmpFailed", "AgentFailed", "EncodeFailed"))
    return new HypervisorRefused(error.message, { cause: error });
  if (error instanceof RpcError) return new HostUnreachable(error.message, { cause: error });
  return error;
}

export async function asking<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw asPortError(error);
  }
}
