import { type ReactNode, useState } from "react";
import { changePolicy } from "../../lib/client/index.ts";
import type { PolicyView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Form, type Problem } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import classes from "./settings.module.css";

export interface PolicyFormProps<Inputs> {
  readonly title: string;
  readonly submit: string;
  readonly policy: PolicyView;
  readonly inputsOf: (policy: PolicyView) => Inputs;
  /** What was changed, as the API takes it. */
  readonly changesOf: (policy: PolicyView, inputs: Inputs) => Parameters<typeof changePolicy>[0];
  readonly children: (fields: PolicyFields<Inputs>) => ReactNode;
}

interface PolicyFields<Inputs> {
  readonly inputs: Inputs;
  readonly edit: (inputs: Inputs) => void;
  readonly problem: Problem | undefined;
  readonly wrongAt: (name: string) => string | null;
}

/** A part of the provider's policy that is changed and saved together. */
export function PolicyForm<Inputs>({ title, submit, policy, inputsOf, changesOf, children }: PolicyFormProps<Inputs>) {
  const { busy, problem, wrongAt, ask } = useAsk();
  /**
   * undefined while nobody changes anything: then what others change is shown as it comes. Else with the policy as it was then: what others
   * changed since is not taken back by what this person saves.
   */
  const [edited, setEdited] = useState<{ readonly inputs: Inputs; readonly from: PolicyView } | undefined>(undefined);
  const { inputs, from } = edited ?? { inputs: inputsOf(policy), from: policy };
  const changes = changesOf(from, inputs);
  const save = async () => {
    if ((await ask(() => changePolicy(changes))) !== undefined) setEdited(undefined);
  };
  return (
    <Panel title={title}>
      <div className={classes.policy}>
        <Form
          submit={submit}
          busy={busy}
          problem={problem}
          disabled={Object.keys(changes).length === 0}
          onSubmit={() => void save()}
          {...(edited !== undefined && { onCancel: () => setEdited(undefined) })}
        >
          {children({ inputs, edit: (next) => setEdited({ inputs: next, from }), problem, wrongAt })}
        </Form>
      </div>
    </Panel>
  );
}
