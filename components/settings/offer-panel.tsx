import { Checkbox, Textarea } from "@mantine/core";
import type { PolicyView } from "../../lib/contract/index.ts";
import { protectionModeNames, protectionModes } from "../../lib/model/index.ts";
import { modeNames } from "../application/mode-choice.tsx";
import { NetworkFields, type NetworkInputs, networkInputsOf, networkOf } from "./network-fields.tsx";
import { PolicyForm } from "./policy-form.tsx";
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
  return (
    <PolicyForm
      title="What customers may have"
      submit="Save the offer"
      policy={policy}
      inputsOf={inputsOf}
      changesOf={changesOf}
    >
      {({ inputs, edit, problem, wrongAt }) => (
        <>
          <Checkbox.Group
            label="Who may repair an application"
            description="Customers choose between these. What they chose before stays until they choose anew."
            value={[...inputs.modes]}
            error={wrongAt("modesOffered")}
            onChange={(modes) => edit({ ...inputs, modes })}
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
            onChange={(network) => edit({ ...inputs, network })}
          />
          <Textarea
            label="Private networks of customers' endpoints"
            description="One a line, as 10.7.0.0/16. Without a line here no message goes to a private address; public ones need none."
            autosize
            minRows={2}
            value={inputs.endpointNetworks}
            error={wrongAt("endpointNetworks")}
            onChange={(event) => edit({ ...inputs, endpointNetworks: event.currentTarget.value })}
          />
        </>
      )}
    </PolicyForm>
  );
}
