"use client";

import { agoWords, type LiveCloud, serverNow } from "../../lib/client/index.ts";
import type { ManagerView } from "../../lib/contract/index.ts";
import { WithCloud } from "../cloud/with-cloud.tsx";
import { PageHead } from "../ui/page-head.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./access.module.css";
import { ConversationPanel } from "./conversation-panel.tsx";
import { EndpointPanel } from "./endpoint-panel.tsx";
import { ImagesPanel } from "./images-panel.tsx";
import { KeysPanel } from "./keys-panel.tsx";

/** How a customer's own programs take part: the manager that is heard, keys, the endpoint, and what VMs can be made from. */
export function AccessPage() {
  return <WithCloud title="Your manager">{(cloud) => <Access cloud={cloud} />}</WithCloud>;
}

function Access({ cloud }: { readonly cloud: LiveCloud }) {
  return (
    <>
      <PageHead title="Your manager">
        <span>the program that repairs with the provider</span>
      </PageHead>
      <Panel title="Manager">
        {cloud.managers.length === 0 ? (
          <Situation
            kind="empty"
            title="None ever connected."
            words="Make a key below, give it to belay-manager as BELAY_KEY, and start belay-manager run. docs/manager.md says how."
          />
        ) : (
          cloud.managers.map((manager) => <Standing key={manager.organizationId} manager={manager} />)
        )}
      </Panel>
      <KeysPanel />
      <EndpointPanel />
      <ImagesPanel images={cloud.images} mayChange={false} />
      <ConversationPanel
        incident={null}
        title="Said outside of repairs"
        empty="Announcements of the provider's work, and questions about what both see, stand here."
      />
    </>
  );
}

function Standing({ manager }: { readonly manager: ManagerView }) {
  const now = useNow(serverNow, 2_000);
  return (
    <div className={classes.line}>
      <div>
        <p className={classes.name}>
          {manager.name} {manager.version}
        </p>
        <p className={classes.words}>
          {manager.connected
            ? `${manager.byEndpoint ? "Behind the endpoint" : "Connected"} for ${agoWords(now - manager.since)}. It is the one that is heard.`
            : `Not connected. Last heard ${agoWords(now - manager.heardAt)} ago.`}
        </p>
      </div>
    </div>
  );
}
