import { NumberInput, Switch, TextInput } from "@mantine/core";
import type { PolicyView } from "../../lib/contract/index.ts";
import type { Problem } from "../ui/form.tsx";
import classes from "./settings.module.css";

type Network = NonNullable<PolicyView["network"]>;

/** As it is typed; what was typed stays while it is off. */
export interface NetworkInputs {
  readonly on: boolean;
  readonly bridge: string;
  readonly from: string;
  readonly to: string;
  readonly prefixLength: number | string;
  readonly gateway: string;
}

export const networkInputsOf = (network: Network | null): NetworkInputs => ({
  ...{ bridge: "", from: "", to: "", prefixLength: 24, gateway: "" },
  ...network,
  on: network !== null,
});

export const networkOf = ({ on, bridge, from, to, prefixLength, gateway }: NetworkInputs): Network | null =>
  on ? { bridge, from, to, prefixLength: Number(prefixLength), gateway } : null;

const texts = [
  { name: "bridge", label: "Bridge", words: "Of this name on every host." },
  { name: "from", label: "First address", words: "IPv4. From here on they are Belay's to give." },
  { name: "to", label: "Last address", words: "Each VM keeps its own until it is given back." },
  { name: "gateway", label: "Gateway", words: "It lies in the same network." },
] as const;

export interface NetworkFieldsProps {
  readonly value: NetworkInputs;
  readonly problem: Problem | undefined;
  readonly onChange: (value: NetworkInputs) => void;
}

/** Whether Belay makes VMs for customers, and which addresses it gives them. */
export function NetworkFields({ value, problem, onChange }: NetworkFieldsProps) {
  const wrongAt = (name: string) => (problem?.field === `network.${name}` ? problem.message : null);
  return (
    <div className={classes.network}>
      <Switch
        label="Belay makes VMs for customers"
        description="From the images below, as many as the policy allows each. Off: nobody gets another one; those that are there stay."
        checked={value.on}
        onChange={(event) => onChange({ ...value, on: event.currentTarget.checked })}
      />
      {value.on ? (
        <div className={classes.fields}>
          {texts.map(({ name, label, words }) => (
            <TextInput
              key={name}
              label={label}
              description={words}
              inputWrapperOrder={["label", "input", "description", "error"]}
              value={value[name]}
              error={wrongAt(name)}
              onChange={(event) => onChange({ ...value, [name]: event.currentTarget.value })}
            />
          ))}
          <NumberInput
            label="Prefix length"
            description="Bits of the network: 24 for 255.255.255.0."
            inputWrapperOrder={["label", "input", "description", "error"]}
            allowNegative={false}
            allowDecimal={false}
            value={value.prefixLength}
            error={wrongAt("prefixLength")}
            onChange={(prefixLength) => onChange({ ...value, prefixLength })}
          />
        </div>
      ) : null}
    </div>
  );
}
