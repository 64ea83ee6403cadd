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
          <strong>{protection.isProtected ? "Protected." : "Not protected."}</strong> {protection.words}
        </span>
      </p>
      {protection.hostLoss === undefined ? null : (
        <p className={classes.line} data-protected={false}>
          <ShieldAlert size={14} aria-hidden="true" />
          <span>{protection.hostLoss}</span>
        </p>
      )}
    </>
  );
}
