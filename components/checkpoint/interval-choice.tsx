import { NumberInput, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type AdviceRequest, adviceQuery, intervalChoices } from "../../lib/client/index.ts";
import type { CheckpointLimitsView } from "../../lib/contract/index.ts";
import { intervalWords } from "../../lib/model/index.ts";
import { CheckpointAdvicePanel } from "./checkpoint-advice-panel.tsx";
import classes from "./interval-choice.module.css";

export interface IntervalChoiceProps {
  readonly of: AdviceRequest["of"];
  /** null: as its application says; where there is none, never. 0: never. */
  readonly value: number | null;
  /** What its application says (0: never); null where there is none to follow. */
  readonly inherited: number | null;
  readonly limits: CheckpointLimitsView;
  readonly error: string | null;
  readonly onChange: (everyMs: number | null) => void;
}

const asApplication = "as-application";
const custom = "custom";

/** Asked once a person stops typing. */
const quietMs = 250;

const choiceWords = (everyMs: number) => (everyMs === 0 ? "Off" : `Every ${intervalWords(everyMs)}`);

/** How often the state is saved, and beside it what that means, before it is saved. */
export function IntervalChoice({ of, value, inherited, limits, error, onChange }: IntervalChoiceProps) {
  const holds = value ?? inherited ?? 0;
  const [isCustom, setIsCustom] = useState(value !== null && !intervalChoices.some((it) => it === value));
  const [asked] = useDebouncedValue(holds, quietMs);
  const advice = useQuery({ ...adviceQuery({ of, everyMs: asked }), placeholderData: keepPreviousData });
  const { leastMs, mostMs } = limits;
  const isOffered = (everyMs: number) => everyMs === 0 || (everyMs >= leastMs && everyMs <= mostMs);
  const isOutside = value !== null && !isOffered(value);

  const follows = inherited !== null && value === null;
  const selected = isCustom ? custom : follows ? asApplication : String(value ?? 0);
  const select = (chosen: string | null) => {
    setIsCustom(chosen === custom);
    if (chosen === asApplication) onChange(null);
    else if (chosen === custom) onChange(holds === 0 ? (advice.data?.suggestedEveryMs ?? 60_000) : holds);
    else onChange(Number(chosen));
  };
  return (
    <div className={classes.choice}>
      <Select
        label="Save its state"
        description="Memory and disks of one instant, to go back to after a failure. Switched off, what was saved stays for a day unless room is needed, then the two newest, and those that people keep."
        data={[
          ...(inherited === null
            ? []
            : [{ value: asApplication, label: `As its application (${choiceWords(inherited).toLowerCase()})` }]),
          ...intervalChoices
            .filter((it) => isOffered(it) || it === value)
            .map((it) => ({ value: String(it), label: choiceWords(it) })),
          { value: custom, label: "Another interval" },
        ]}
        value={selected}
        allowDeselect={false}
        error={isCustom ? null : error}
        onChange={select}
      />
      {isCustom ? (
        <NumberInput
          label="Interval, seconds"
          min={1}
          allowNegative={false}
          decimalScale={1}
          value={holds === 0 ? "" : holds / 1000}
          error={isOutside ? `Between ${intervalWords(leastMs)} and ${intervalWords(mostMs)}, as is offered.` : error}
          onChange={(seconds) => onChange(seconds === "" ? 0 : Math.round(Number(seconds) * 1000))}
        />
      ) : null}
      <CheckpointAdvicePanel
        advice={advice.data}
        problem={advice.error}
        isOld={asked !== holds || advice.isPlaceholderData}
        onUse={(everyMs) => {
          setIsCustom(!intervalChoices.some((it) => it === everyMs));
          onChange(everyMs);
        }}
      />
    </div>
  );
}
