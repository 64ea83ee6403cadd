import { Checkbox, Textarea } from "@mantine/core";
import { useState } from "react";
import { changePolicy } from "../../lib/client/index.ts";
import type { PolicyView } from "../../lib/contract/index.ts";
import { protectionModeNames, protectionModes } from "../../lib/model/index.ts";
import { modeNames } from "../application/mode-choice.tsx";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import { NetworkFields, type NetworkInputs, networkInputsOf, networkOf } from "./network-fields.tsx";
import classes from "./settings.module.css";

interface Inputs {
  readonly modes: readonly string[];
  readonly endpointNetworks: string;
  readonly network: NetworkInputs;
}

const inputsOf = ({ modesOffered, endpointNetworks, network }: PolicyView): Inputs => ({
  modes: modesOffered,
  endpointNetworks: endpointNetworks.join("\n"),
  network: networkInputsOf(network),
});

/** What was changed, as the API takes it. */
function changesOf(policy: PolicyView, { modes, endpointNetworks, network }: Inputs) {
  const all = {
    modesOffered: protectionModeNames.filter((mode) => modes.includes(mode)),
    endpointNetworks: endpointNetworks
      .split(/\s+/)
      .map((it) => it.trim())
      .filter((it) => it !== ""),
    network: networkOf(network),
  };
  const isNew = <Name extends keyof typeof all>(name: Name, before: PolicyView[Name]) =>
    JSON.stringify(all[name]) !== JSON.stringify(before);
  return {
    ...(isNew("modesOffered", inOrder(policy.modesOffered)) && { modesOffered: all.modesOffered }),
    ...(isNew("endpointNetworks", policy.endpointNetworks) && { endpointNetworks: all.endpointNetworks }),
    ...(isNew("network", networkOf(networkInputsOf(policy.network))) && { network: all.network }),
  };
}

const inOrder = (modes: PolicyView["modesOffered"]) => protectionModeNames.filter((mode) => modes.includes(mode));

/** What customers choose from, where the VMs that Belay makes for them get their addresses, and where their managers may listen. */
export function OfferPanel({ policy }: { readonly policy: PolicyView }) {
  const { busy, problem, wrongAt, ask } = useAsk();
  /** null while nobody changes anything: then what others change is shown as it comes. */
  const [edited, setEdited] = useState<Inputs | null>(null);
  const inputs = edited ?? inputsOf(policy);
  const changes = changesOf(policy, inputs);
  const save = async () => {
    if ((await ask(() => changePolicy(changes))) !== undefined) setEdited(null);
  };
  return (
    <Panel title="What customers may have">
      <div className={classes.policy}>
        <Form
          submit="Save the offer"
          busy={busy}
          problem={problem}
          disabled={Object.keys(changes).length === 0}
          onSubmit={() => void save()}
          {...(edited !== null && { onCancel: () => setEdited(null) })}
        >
          <Checkbox.Group
            label="Who may repair an application"
            description="Customers choose between these. What they chose before stays until they choose anew."
            value={[...inputs.modes]}
            error={wrongAt("modesOffered")}
            onChange={(modes) => setEdited({ ...inputs, modes })}
          >
            <div className={classes.choices}>
              {protectionModeNames.map((mode) => (
                <Checkbox key={mode} value={mode} label={modeNames[mode]} description={protectionModes[mode]} />
              ))}
            </div>
          </Checkbox.Group>
          <NetworkFields
            value={inputs.network}
            problem={problem}
            onChange={(network) => setEdited({ ...inputs, network })}
          />
          <Textarea
            label="Private networks of customers' endpoints"
            description="One a line, as 10.7.0.0/16. Without a line here no message goes to a private address; public ones need none."
            autosize
            minRows={2}
            value={inputs.endpointNetworks}
            error={wrongAt("endpointNetworks")}
            onChange={(event) => setEdited({ ...inputs, endpointNetworks: event.currentTarget.value })}
          />
        </Form>
      </div>
    </Panel>
  );
}
