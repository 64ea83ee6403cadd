import { ShieldAlert, ShieldCheck, ShieldOff } from "lucide-react";
import type { Protection } from "../../lib/client/index.ts";
import classes from "./protection-line.module.css";

/** Whether a failure would be repaired, and why or why not. */
export function ProtectionLine({ protection }: { readonly protection: Protection }) {
  const Icon = protection.isProtected ? ShieldCheck : ShieldOff;
  return (
    <>
      <p className={classes.line} data-protected={protection.isProtected}>
        <Icon size={14} aria-hidden="true" />
        <span>
          <strong>{labelOf(protection)}</strong> {protection.words}
        </span>
      </p>
      {protection.hostLoss === undefined ? null : (
        <p className={classes.line} data-protected={false}>
          <ShieldAlert size={14} aria-hidden="true" />
          <span>
            <strong>Not protected if its host fails:</strong> {protection.hostLoss}
          </span>
        </p>
      )}
    </>
  );
}

function labelOf({ label, isProtected, hostLoss }: Protection): string {
  if (label !== undefined) return label;
  if (!isProtected) return "Not protected.";
  return hostLoss === undefined ? "Protected." : "Partly protected.";
}
