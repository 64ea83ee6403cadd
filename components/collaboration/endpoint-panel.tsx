import { Button, TextInput } from "@mantine/core";
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
  const again = () => cache.invalidateQueries({ queryKey: endpointQuery.queryKey });
  const after = async (question: Parameters<typeof ask>[0]) => {
    await ask(question);
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
            <Button size="compact-xs" variant="default" loading={busy} onClick={() => void after(testEndpoint)}>
              Send a test
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => void after(removeEndpoint)}>
              Remove it
            </Button>
          </div>
        </div>
      )}
      <Dialog title="Endpoint" opened={editing} onClose={() => setEditing(false)}>
        <Inputs url={data?.url ?? ""} onSaved={() => void again()} onClose={() => setEditing(false)} />
      </Dialog>
    </Panel>
  );
}

const deliveryWords = ({ ok, words, triedAt }: EndpointView): string =>
  triedAt === null
    ? "Nothing was sent there yet."
    : `${ok ? "It took the last message" : "The last message did not arrive"}, ${dateWords(triedAt)}. ${words ?? ""}`;

function Inputs({
  url: before,
  onSaved,
  onClose,
}: {
  readonly url: string;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [url, setUrl] = useState(before);
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const save = async () => {
    const made = await ask(() => putEndpoint({ url }));
    if (made === undefined) return;
    setSecret(made.secret);
    onSaved();
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
    </Form>
  );
}
