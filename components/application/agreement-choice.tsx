import { NumberInput, Select } from "@mantine/core";
import { type AgreementView, fallbackNames } from "../../lib/contract/index.ts";
import { type Fallback, fallbacks } from "../../lib/model/index.ts";

export interface AgreementChoiceProps {
  readonly value: AgreementView;
  readonly wrongAt: (name: string) => string | null;
  readonly onChange: (value: AgreementView) => void;
}

const fallbackLabels: Record<Fallback, string> = {
  "hand-over": "Nothing: people are told",
  "own-disk": "Start it from its own disk",
  checkpoint: "Take it back to a checkpoint",
};

const toMs = (value: number | string, before: number) => (value === "" ? before : Math.round(Number(value) * 1000));

/** How long each side waits for the other, and what happens when it waited in vain. */
export const AgreementChoice = ({ value, wrongAt, onChange }: AgreementChoiceProps) => (
  <>
    <NumberInput
      label="Wait for the manager's answer, seconds"
      description="After a failure the provider proposes what can be done, and waits this long for the word of the customer's manager."
      min={1}
      value={value.answerWithinMs / 1000}
      error={wrongAt("agreement")}
      onChange={(seconds) => onChange({ ...value, answerWithinMs: toMs(seconds, value.answerWithinMs) })}
    />
    <NumberInput
      label="Time for the manager to finish, seconds"
      description="From the moment the VM is back: to deploy, start and synchronise its servers."
      min={1}
      value={value.finishWithinMs / 1000}
      onChange={(seconds) => onChange({ ...value, finishWithinMs: toMs(seconds, value.finishWithinMs) })}
    />
    <Select
      label="If the manager is silent, or fails"
      description={fallbacks[value.fallback]}
      data={fallbackNames.map((name) => ({ value: name, label: fallbackLabels[name] }))}
      value={value.fallback}
      allowDeselect={false}
      onChange={(name) => onChange({ ...value, fallback: fallbackNames.find((it) => it === name) ?? value.fallback })}
    />
  </>
);
