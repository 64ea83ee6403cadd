import { Button, Checkbox, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { dateWords, endpointQuery, putEndpoint, removeEndpoint, testEndpoint } from "../../lib/client/index.ts";
import type { EndpointView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./access.module.css";
import { Secret } from "./secret.tsx";

/** Where messages go while no manager is connected. */
export function EndpointPanel() {
  const cache = useQueryClient();
  const { data, error, isPending } = useQuery(endpointQuery);
  const { busy, problem, ask } = useAsk();
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const again = () => cache.invalidateQueries({ queryKey: endpointQuery.queryKey });
  const test = async () => {
    await ask(testEndpoint);
    await again();
  };
  return (
    <Panel
      title="Endpoint"
      aside={
        <Button size="compact-xs" variant="default" onClick={() => setEditing(true)}>
          {data === null || data === undefined ? "Set one" : "Change it"}
        </Button>
      }
    >
      {isPending ? (
        <Situation kind="loading" title="Fetching the endpoint…" />
      ) : error !== null ? (
        <Situation kind="error" title="The endpoint could not be fetched." words={error.message} />
      ) : data === null ? (
        <Situation
          kind="empty"
          title="None."
          words="A manager that is connected needs none. While none is connected, messages can be sent to an HTTPS address of yours, signed as Standard Webhooks."
        />
      ) : (
        <div className={classes.line}>
          <div>
            <p className={classes.name}>{data.url}</p>
            <p className={classes.words}>{deliveryWords(data)}</p>
            {problem === undefined ? null : (
              <p className={classes.words} role="alert">
                {problem.message} {problem.cure}
              </p>
            )}
          </div>
          <div className={classes.choices}>
            <Button size="compact-xs" variant="default" loading={busy} onClick={() => void test()}>
              Send a test
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => setRemoving(true)}>
              Remove it
            </Button>
          </div>
        </div>
      )}
      <Dialog title="Endpoint" opened={editing} onClose={() => setEditing(false)}>
        <Inputs before={data?.url} onSaved={() => void again()} onClose={() => setEditing(false)} />
      </Dialog>
      <Dialog title="Remove the endpoint?" opened={removing} onClose={() => setRemoving(false)}>
        <Remove onDone={() => void again()} onClose={() => setRemoving(false)} />
      </Dialog>
    </Panel>
  );
}

const deliveryWords = ({ ok, words, triedAt }: EndpointView): string =>
  triedAt === null
    ? "Nothing was sent there yet."
    : `${ok ? "It took the last message" : "The last message did not arrive"}, ${dateWords(triedAt)}. ${words ?? ""}`;

function Remove({ onDone, onClose }: { readonly onDone: () => void; readonly onClose: () => void }) {
  const { busy, problem, ask } = useAsk();
  const remove = async () => {
    if ((await ask(removeEndpoint)) === undefined) return;
    onDone();
    onClose();
  };
  return (
    <Form submit="Remove it" dangerous busy={busy} problem={problem} onSubmit={() => void remove()} onCancel={onClose}>
      <p>While no manager is connected, nobody hears of repairs then. Its secret ends with it.</p>
    </Form>
  );
}

function Inputs({
  before,
  onSaved,
  onClose,
}: {
  /** undefined: none is set. */
  readonly before: string | undefined;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [url, setUrl] = useState(before ?? "");
  const [newSecret, setNewSecret] = useState(false);
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const same = url === before;
  const save = async () => {
    const made = await ask(() => putEndpoint({ url, newSecret }));
    if (made === undefined) return;
    onSaved();
    if (made.secret === null) onClose();
    else setSecret(made.secret);
  };
  if (secret !== undefined)
    return <Secret words="Every delivery is signed with it: check the signature." secret={secret} onClose={onClose} />;
  return (
    <Form submit="Save" busy={busy} problem={problem} onSubmit={() => void save()} onCancel={onClose}>
      <TextInput
        label="Address"
        description="https://… It must not lead into the provider's own networks."
        value={url}
        error={wrongAt("url")}
        onChange={(event) => setUrl(event.currentTarget.value)}
        data-autofocus
      />
      {before === undefined ? null : (
        <Checkbox
          label="Make a new secret"
          description="What is signed with the old one is not sent any more: give the new one to your manager at once. Another address always gets a new one."
          checked={newSecret || !same}
          disabled={!same}
          onChange={(event) => setNewSecret(event.currentTarget.checked)}
        />
      )}
    </Form>
  );
}
