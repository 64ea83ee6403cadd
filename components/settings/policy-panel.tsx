import { NumberInput } from "@mantine/core";
import { useState } from "react";
import { changePolicy } from "../../lib/client/index.ts";
import type { PolicyView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import { type PolicyNumber, policyFields } from "./policy-fields.ts";
import classes from "./settings.module.css";

type Numbers = Pick<PolicyView, PolicyNumber>;
type Inputs = Partial<Record<PolicyNumber, number | string>>;

const inputsOf = (policy: PolicyView): Inputs => {
  const inputs: Inputs = {};
  for (const { name, unit } of policyFields) inputs[name] = policy[name] / unit;
  return inputs;
};

/** What was changed, in the policy's own units. */
const changesOf = (policy: PolicyView, inputs: Inputs): Partial<Numbers> => {
  const changes: Partial<Numbers> = {};
  for (const { name, unit } of policyFields) {
    const value = Number(inputs[name]) * unit;
    if (inputs[name] !== "" && value !== policy[name]) changes[name] = value;
  }
  return changes;
};

/** Overcommit, storm guard, leases and the rest. */
export function PolicyPanel({ policy }: { readonly policy: PolicyView }) {
  const { busy, problem, wrongAt, ask } = useAsk();
  /** null while nobody changes anything: then what others change is shown as it comes. */
  const [edited, setEdited] = useState<Inputs | null>(null);
  const inputs = edited ?? inputsOf(policy);
  const changes = changesOf(policy, inputs);
  const save = async () => {
    if ((await ask(() => changePolicy(changes))) !== undefined) setEdited(null);
  };
  return (
    <Panel title="Policy">
      <div className={classes.policy}>
        <Form
          submit="Save the policy"
          busy={busy}
          problem={problem}
          disabled={Object.keys(changes).length === 0}
          onSubmit={() => void save()}
          {...(edited !== null && { onCancel: () => setEdited(null) })}
        >
          <div className={classes.fields}>
            {policyFields.map(({ name, label, words, decimals }) => (
              <NumberInput
                key={name}
                label={label}
                description={words}
                inputWrapperOrder={["label", "input", "description", "error"]}
                allowNegative={false}
                allowDecimal={decimals}
                value={inputs[name] ?? ""}
                error={wrongAt(name)}
                onChange={(value) => setEdited({ ...inputs, [name]: value })}
              />
            ))}
          </div>
        </Form>
      </div>
    </Panel>
  );
}
