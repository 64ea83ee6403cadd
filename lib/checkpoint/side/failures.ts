import { CaptureFailed, CheckpointDamaged, HostUnreachable, HypervisorRefused } from "../../engine/ports.ts";
import { isRpcError, LibvirtError } from "../../libvirt/index.ts";
import { BelayError } from "../../model/index.ts";
import { Refused } from "../agent/restore/look.ts";
import { LinkClosed } from "../wire/index.ts";
import { DamagedData, StoreFull } from "../words.ts";
import { AgentRefused } from "./conversation.ts";

const inFull = ({ message, detail }: AgentRefused) => (detail === null ? message : `${message} ${detail}`);

/** Why a capture did not come about, as the engine knows it. */
export function asCaptureError(error: unknown): unknown {
  if (error instanceof CaptureFailed || error instanceof HostUnreachable) return error;
  if (error instanceof DamagedData) return new CheckpointDamaged(error.message, { cause: error });
  if (error instanceof StoreFull)
    return new CaptureFailed("store-full", "The store of checkpoints has no room left.", error.message);
  if (error instanceof AgentRefused)
    return new CaptureFailed(
      error.failure === "not-possible" ? "not-possible" : "interrupted",
      error.message,
      error.detail,
    );
  if (error instanceof LinkClosed)
    return new CaptureFailed("interrupted", "The connection to the VM's host was lost meanwhile.", error.message);
  if (error instanceof BelayError) return new CaptureFailed("not-possible", error.message, error.cure ?? null);
  return error;
}

/** The same of everything else that is done on a host. */
export function asHostError(error: unknown): unknown {
  if (error instanceof DamagedData) return new CheckpointDamaged(error.message, { cause: error });
  if (error instanceof AgentRefused) return new HypervisorRefused(inFull(error), { cause: error });
  if (error instanceof Refused || error instanceof LibvirtError || error instanceof BelayError)
    return new HypervisorRefused(error.message, { cause: error });
  if (error instanceof LinkClosed || isRpcError(error)) return new HostUnreachable(error.message, { cause: error });
  return error;
}
