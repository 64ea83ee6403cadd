import { Button, Checkbox, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { createKey, dateWords, keysQuery, revokeKey } from "../../lib/client/index.ts";
import { type KeyView, keyScopeNames } from "../../lib/contract/index.ts";
import { type KeyScope, keyScopes } from "../../lib/model/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./access.module.css";
import { Secret } from "./secret.tsx";

/** Keys of the organization's programs: what each may do, and when it was used last. */
export function KeysPanel() {
  const cache = useQueryClient();
  const { data, error, isPending } = useQuery(keysQuery);
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<KeyView | undefined>(undefined);
  const again = () => cache.invalidateQueries({ queryKey: keysQuery.queryKey });
  const keys = (data ?? []).filter((it) => it.revokedAt === null);
  return (
    <Panel
      title="Keys"
      aside={
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Plus size={12} aria-hidden="true" />}
          onClick={() => setAdding(true)}
        >
          Make a key
        </Button>
      }
    >
      {isPending ? (
        <Situation kind="loading" title="Fetching the keys…" />
      ) : error !== null ? (
        <Situation kind="error" title="The keys could not be fetched." words={error.message} />
      ) : keys.length === 0 ? (
        <Situation kind="empty" title="None." words="A manager of yours needs one to take part in repairs." />
      ) : (
        <ul aria-label="Keys">
          {keys.map((key) => (
            <li key={key.id} className={classes.line}>
              <div>
                <p className={classes.name}>{key.name}</p>
                <p className={classes.words}>
                  {key.scopes.map((scope) => scopeWords(scope)).join(" ")}{" "}
                  {key.lastUsedAt === null ? "Never used." : `Last used ${dateWords(key.lastUsedAt)}.`}
                </p>
              </div>
              <Button
                size="compact-xs"
                variant="default"
                leftSection={<Trash2 size={12} aria-hidden="true" />}
                aria-label={`Revoke the key ${key.name}`}
                onClick={() => setRevoking(key)}
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Dialog title="Make a key" opened={adding} onClose={() => setAdding(false)}>
        <NewKey onMade={() => void again()} onClose={() => setAdding(false)} />
      </Dialog>
      <Dialog
        title={`Revoke the key ${revoking?.name ?? ""}?`}
        opened={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
      >
        {revoking === undefined ? null : (
          <Revoke of={revoking} onDone={() => void again()} onClose={() => setRevoking(undefined)} />
        )}
      </Dialog>
    </Panel>
  );
}

const scopeWords = (scope: KeyScope): string => keyScopes[scope];
/** What belay-manager needs for all of its commands: its first `up` makes the application. */
const usual: readonly KeyScope[] = keyScopeNames;

function NewKey({ onMade, onClose }: { readonly onMade: () => void; readonly onClose: () => void }) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly KeyScope[]>(usual);
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const save = async () => {
    const made = await ask(() => createKey({ name, scopes: [...scopes] }));
    if (made === undefined) return;
    setSecret(made.secret);
    onMade();
  };
  if (secret !== undefined)
    return <Secret words="Give it to your manager as BELAY_KEY." secret={secret} onClose={onClose} />;
  return (
    <Form
      submit="Make the key"
      busy={busy}
      problem={problem}
      disabled={scopes.length === 0 || name.trim() === ""}
      onSubmit={() => void save()}
      onCancel={onClose}
    >
      <TextInput
        label="Name"
        description="Which program has it."
        value={name}
        error={wrongAt("name")}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Checkbox.Group
        label="What it may do"
        value={[...scopes]}
        onChange={(chosen) => setScopes(keyScopeNames.filter((scope) => chosen.includes(scope)))}
      >
        <div className={classes.choices}>
          {keyScopeNames.map((scope) => (
            <Checkbox key={scope} value={scope} label={keyScopes[scope]} />
          ))}
        </div>
      </Checkbox.Group>
    </Form>
  );
}

function Revoke({
  of,
  onDone,
  onClose,
}: {
  readonly of: KeyView;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const { busy, problem, ask } = useAsk();
  const revoke = async () => {
    if ((await ask(() => revokeKey(of.id))) === undefined) return;
    onDone();
    onClose();
  };
  return (
    <Form submit="Revoke it" busy={busy} problem={problem} dangerous onSubmit={() => void revoke()} onCancel={onClose}>
      <p>Programs that have it are refused from now on, and their connections end.</p>
    </Form>
  );
}
