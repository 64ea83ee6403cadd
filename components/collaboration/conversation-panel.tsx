import { useQuery } from "@tanstack/react-query";
import { clockWords, conversationQuery, speakerWords, tell, withoutOldProgress } from "../../lib/client/index.ts";
import type { ConversationMessageView } from "../../lib/contract/index.ts";
import type { IncidentId } from "../../lib/model/index.ts";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./conversation-panel.module.css";

export interface ConversationPanelProps {
  /** null: the organization's own thread. */
  readonly incident: IncidentId | null;
  readonly title: string;
  /** What an empty one means. */
  readonly empty: string;
}

/** What provider and customer said to each other, as it happens. */
export function ConversationPanel({ incident, title, empty }: ConversationPanelProps) {
  const { data, error, isPending } = useQuery(conversationQuery(incident));
  const said = withoutOldProgress(data ?? []);
  return (
    <Panel title={title}>
      {isPending ? (
        <Situation kind="loading" title="Fetching what was said…" />
      ) : error !== null ? (
        <Situation kind="error" title="What was said could not be fetched." words={error.message} />
      ) : said.length === 0 ? (
        <Situation kind="empty" title="Nothing was said." words={empty} />
      ) : (
        <ol className={classes.list} aria-label={title} aria-live="polite">
          {said.map((message) => (
            <Line key={message.id} message={message} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Line({ message }: { readonly message: ConversationMessageView }) {
  const { title, words } = tell(message);
  return (
    <li data-from={message.from}>
      <time className={classes.when} dateTime={new Date(message.at).toISOString()}>
        {clockWords(message.at)}
      </time>
      <div className={classes.said}>
        <p className={classes.who}>{whoOf(message)}</p>
        <p className={classes.title}>{title}</p>
        {words.map((sentence) => (
          <p key={sentence} className={classes.words}>
            {sentence}
          </p>
        ))}
      </div>
    </li>
  );
}

const whoOf = (message: ConversationMessageView): string =>
  message.from === "customer"
    ? `Customer · ${speakerWords(message.by)}`
    : `Provider${message.receivedAt === null ? " · nobody has received it yet" : ""}`;
