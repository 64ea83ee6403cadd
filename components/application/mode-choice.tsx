import { Select } from "@mantine/core";
import { type ProtectionMode, protectionModeNames, protectionModes } from "../../lib/model/index.ts";
import classes from "./application-settings.module.css";

export const modeNames: Record<ProtectionMode, string> = {
  provider: "The provider alone",
  customer: "The customer alone, with their own manager",
  collaborative: "Both together",
  none: "Nobody",
};

/** What each side may then do. */
const each: Record<ProtectionMode, readonly string[]> = {
  provider: [
    "The provider brings a failed VM back as each VM's settings allow: restart, another host, a checkpoint.",
    "The customer sees every step, and may call for a saved state.",
  ],
  customer: [
    "The customer's manager finds failures by its own sensors, frees and allocates VMs, and deploys the servers again.",
    "The provider tells of failures and repairs nothing.",
  ],
  collaborative: [
    "The provider proves what failed, proposes what can be done, and brings the VM back: anew from its image where its owner allows that.",
    "The customer's manager accepts, chooses another way, asks to wait, or declines; then it deploys, starts and synchronises the servers.",
    "Either side may ask what the other one sees before anything is done.",
  ],
  none: ["Failures are told, and nobody repairs."],
};

export interface ModeChoiceProps {
  readonly value: ProtectionMode;
  /** What the provider offers. */
  readonly offered: readonly ProtectionMode[];
  readonly error: string | null;
  readonly onChange: (mode: ProtectionMode) => void;
}

/** Who repairs, and what that means for each side. */
export const ModeChoice = ({ value, offered, error, onChange }: ModeChoiceProps) => (
  <>
    <Select
      label="Who repairs it"
      description={protectionModes[value]}
      data={protectionModeNames
        .filter((mode) => mode === value || offered.includes(mode))
        .map((mode) => ({ value: mode, label: modeNames[mode] }))}
      value={value}
      allowDeselect={false}
      error={error}
      onChange={(mode) => onChange(protectionModeNames.find((it) => it === mode) ?? value)}
    />
    <section aria-label="What each side may do">
      {each[value].map((words) => (
        <p key={words} className={classes.note}>
          {words}
        </p>
      ))}
    </section>
  </>
);
