import { NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { putImage } from "../../lib/client/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";

const texts = [
  { name: "name", label: "Name", description: "What customers ask for." },
  { name: "words", label: "What is in it", description: "A sentence for customers." },
  { name: "path", label: "File", description: "As every host sees it, below a shared path." },
  { name: "sha256", label: "SHA-256 of the file", description: "64 hex digits, as sha256sum prints them." },
] as const;

/** A disk that VMs can be made from. */
export function AddImage({ onClose }: { readonly onClose: () => void }) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [text, setText] = useState<Record<(typeof texts)[number]["name"], string>>({
    name: "",
    words: "",
    path: "",
    sha256: "",
  });
  const [gib, setGib] = useState<number | string>(8);
  const [format, setFormat] = useState<"qcow2" | "raw">("qcow2");
  const save = async () => {
    const body = { ...text, sizeBytes: Math.round(Number(gib) * 2 ** 30), format };
    if ((await ask(() => putImage(undefined, body))) !== undefined) onClose();
  };
  return (
    <Form submit="Add it" busy={busy} problem={problem} onSubmit={() => void save()} onCancel={onClose}>
      {texts.map(({ name, label, description }) => (
        <TextInput
          key={name}
          label={label}
          description={description}
          value={text[name]}
          error={wrongAt(name)}
          onChange={(event) => setText({ ...text, [name]: event.currentTarget.value })}
        />
      ))}
      <NumberInput
        label="Size of the disk, GiB"
        min={0.001}
        value={gib}
        error={wrongAt("sizeBytes")}
        onChange={setGib}
      />
      <Select
        label="Format"
        data={["qcow2", "raw"]}
        value={format}
        allowDeselect={false}
        error={wrongAt("format")}
        onChange={(value) => setFormat(value === "raw" ? "raw" : "qcow2")}
      />
    </Form>
  );
}
