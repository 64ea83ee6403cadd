import {
  CircleArrowDown,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleQuestionMark,
  CircleX,
  type LucideIcon,
  Moon,
  OctagonX,
} from "lucide-react";
import type { VmView } from "../../lib/contract/index.ts";
import { type VmState, vmStates } from "../../lib/model/index.ts";
import { Badge, type Tone } from "../ui/badge.tsx";

const looks: Record<VmState, { readonly icon: LucideIcon; readonly word: string; readonly tone: Tone }> = {
  running: { icon: CircleCheck, word: "Running", tone: "ok" },
  paused: { icon: CirclePause, word: "Paused", tone: "busy" },
  suspended: { icon: Moon, word: "Asleep", tone: "busy" },
  stopping: { icon: CircleArrowDown, word: "Stopping", tone: "busy" },
  crashed: { icon: OctagonX, word: "Crashed", tone: "bad" },
  stopped: { icon: CircleX, word: "Stopped", tone: "bad" },
  missing: { icon: CircleQuestionMark, word: "Missing", tone: "bad" },
  unknown: { icon: CircleDashed, word: "Not known", tone: "quiet" },
};

/** A VM that its owner wants stopped is as it should be. */
export function VmStateBadge({ vm }: { readonly vm: Pick<VmView, "state" | "wanted"> }) {
  const { icon, word, tone } = looks[vm.state];
  const asWished = vm.wanted === "stopped" && !vmStates[vm.state].alive && vm.state !== "unknown";
  return <Badge tone={asWished ? "quiet" : tone} icon={icon} word={word} title={vmStates[vm.state].words} />;
}
