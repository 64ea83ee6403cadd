import { CircleCheck, CircleDot, Hand, type LucideIcon, RotateCw, Undo2 } from "lucide-react";
import { type IncidentState, incidentStates } from "../../lib/model/index.ts";
import { Badge, type Tone } from "../ui/badge.tsx";

const looks: Record<IncidentState, { readonly icon: LucideIcon; readonly word: string; readonly tone: Tone }> = {
  open: { icon: CircleDot, word: "Open", tone: "bad" },
  repairing: { icon: RotateCw, word: "Repairing", tone: "busy" },
  "handed-over": { icon: Hand, word: "Handed over", tone: "bad" },
  repaired: { icon: CircleCheck, word: "Repaired", tone: "ok" },
  cleared: { icon: Undo2, word: "Cleared", tone: "quiet" },
};

export const incidentStateWord = (state: IncidentState): string => looks[state].word;

export function IncidentStateBadge({ state }: { readonly state: IncidentState }) {
  return <Badge {...looks[state]} turning={state === "repairing"} title={incidentStates[state].words} />;
}
