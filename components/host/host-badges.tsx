import {
  CircleCheck,
  HeartCrack,
  HeartPulse,
  LoaderCircle,
  type LucideIcon,
  PowerOff,
  ScanSearch,
  Server,
  ShieldX,
  Unplug,
  Wrench,
} from "lucide-react";
import type { HostView } from "../../lib/contract/index.ts";
import { type HostHealth, type HostStanding, type HostState, hostHealths, hostStates } from "../../lib/model/index.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { standingOf } from "./host-words.ts";

interface Look {
  readonly icon: LucideIcon;
  readonly word: string;
  readonly tone: Tone;
}

const states: Record<HostState, Look> = {
  up: { icon: CircleCheck, word: "Up", tone: "ok" },
  silent: { icon: Unplug, word: "Silent", tone: "bad" },
  connecting: { icon: LoaderCircle, word: "Connecting", tone: "quiet" },
};

const healths: Record<HostHealth, Look> = {
  green: { icon: HeartPulse, word: "Heard from", tone: "ok" },
  yellow: { icon: HeartPulse, word: "Overdue", tone: "busy" },
  red: { icon: HeartCrack, word: "Not heard from", tone: "bad" },
};

const standings: Record<HostStanding, Look> = {
  "in-use": { icon: Server, word: "In use", tone: "quiet" },
  maintenance: { icon: Wrench, word: "Maintenance", tone: "busy" },
  fencing: { icon: PowerOff, word: "Being fenced", tone: "bad" },
  fenced: { icon: ShieldX, word: "Proven off", tone: "bad" },
  returning: { icon: ScanSearch, word: "Being examined", tone: "busy" },
};

/** Whether Belay is connected to it. */
export const HostStateBadge = ({ host }: { readonly host: Pick<HostView, "state"> }) => (
  <Badge {...states[host.state]} turning={host.state === "connecting"} title={hostStates[host.state].words} />
);

/** How sure Belay is that it lives. */
export const HostHealthBadge = ({ host }: { readonly host: Pick<HostView, "health"> }) => (
  <Badge {...healths[host.health]} title={hostHealths[host.health]} />
);

/** What Belay uses it for. */
export const HostStandingBadge = ({ host }: { readonly host: Pick<HostView, "standing" | "standingWords"> }) => (
  <Badge {...standings[host.standing]} title={standingOf(host)} />
);
