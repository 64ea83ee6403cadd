"use client";

import { type LiveCloud, spanWords } from "../../lib/client/index.ts";
import type { IncidentView } from "../../lib/contract/index.ts";
import { CouldNot } from "../cloud/could-not.tsx";
import { WithCloud } from "../cloud/with-cloud.tsx";
import { SimulatedMark } from "../shell/simulated.tsx";
import { PageHead } from "../ui/page-head.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { IncidentChart } from "./incident-chart.tsx";
import { IncidentTable } from "./incident-table.tsx";
import { useIncidents } from "./use-incidents.ts";

/** All incidents: how long each took to be detected and repaired. */
export function IncidentHistory() {
  return <WithCloud title="Incidents">{(cloud) => <History cloud={cloud} />}</WithCloud>;
}

function History({ cloud }: { readonly cloud: LiveCloud }) {
  const { incidents, error, isPending, refetch } = useIncidents(cloud);
  const repaired = incidents.filter((it) => it.tr !== null);
  return (
    <>
      <PageHead title="Incidents">
        <span>{incidents.filter((it) => it.endedAt === null).length} open</span>
        <span>{repaired.length} answered again</span>
        <Middle incidents={repaired} />
        <SimulatedMark simulated={cloud.simulated} />
      </PageHead>
      {error === null ? null : (
        <Panel title="The older incidents are missing">
          <CouldNot error={error} retry={refetch} />
        </Panel>
      )}
      {incidents.length === 0 ? (
        <Panel title="Incidents">
          {isPending ? (
            <Situation kind="loading" title="Fetching the incidents…" />
          ) : (
            <Situation kind="good" title="No incident yet." words="Belay has not seen a failure." />
          )}
        </Panel>
      ) : (
        <>
          <IncidentChart incidents={repaired} cloud={cloud} />
          <IncidentTable incidents={incidents} cloud={cloud} />
        </>
      )}
    </>
  );
}

/** The number of incidents stands beside it: of three a median means little. */
function Middle({ incidents }: { readonly incidents: readonly IncidentView[] }) {
  const spans = incidents.flatMap((it) => (it.tr === null ? [] : [it.tr - it.tp])).sort((a, b) => a - b);
  const middle = spans[Math.floor(spans.length / 2)];
  return middle === undefined ? null : <span>median Tp → Tr {spanWords(middle)}</span>;
}
