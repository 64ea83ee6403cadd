import { ShieldAlert, ShieldCheck, ShieldOff } from "lucide-react";
import type { Protection } from "../../lib/client/index.ts";
import { FactLine } from "../ui/fact-line.tsx";

/** Whether a failure would be repaired, and why or why not. */
export function ProtectionLine({ protection }: { readonly protection: Protection }) {
  const { isProtected, words, hostLoss } = protection;
  return (
    <>
      <FactLine
        icon={isProtected ? ShieldCheck : ShieldOff}
        tone={isProtected ? "good" : "bad"}
        label={labelOf(protection)}
      >
        {words}
      </FactLine>
      {hostLoss === undefined ? null : (
        <FactLine icon={ShieldAlert} tone="bad" label="Not protected if its host fails:">
          {hostLoss}
        </FactLine>
      )}
    </>
  );
}

function labelOf({ label, isProtected, hostLoss }: Protection): string {
  if (label !== undefined) return label;
  if (!isProtected) return "Not protected.";
  return hostLoss === undefined ? "Protected." : "Partly protected.";
}
