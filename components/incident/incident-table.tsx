import { Table } from "@mantine/core";
import Link from "next/link";
import { causeSentence, dateWords, failedThing, spanWords } from "../../lib/client/index.ts";
import type { CloudView, IncidentView } from "../../lib/contract/index.ts";
import { Panel } from "../ui/panel.tsx";
import { IncidentStateBadge } from "./incident-state.tsx";
import classes from "./incident-table.module.css";

/** Each incident on one line, newest first. */
export function IncidentTable({
  incidents,
  cloud,
}: {
  readonly incidents: readonly IncidentView[];
  readonly cloud: CloudView;
}) {
  const isProvider = cloud.viewer.role === "provider";
  return (
    <Panel title="All incidents" aside={`${incidents.length}, newest first`}>
      <Table verticalSpacing={6} horizontalSpacing="md" className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{isProvider ? "VM or host" : "VM"}</Table.Th>
            <Table.Th>What failed</Table.Th>
            <Table.Th>Application</Table.Th>
            {isProvider ? <Table.Th>Host</Table.Th> : null}
            <Table.Th>Tp, failed</Table.Th>
            <Table.Th className={classes.number}>Tp → Td</Table.Th>
            <Table.Th className={classes.number}>Td → Tr</Table.Th>
            <Table.Th>State</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {incidents.map((incident) => (
            <Table.Tr key={incident.id}>
              <Table.Td className={classes.name}>
                <Link href={`/incidents/${incident.id}`}>{failedThing(incident, cloud)}</Link>
              </Table.Td>
              <Table.Td className={classes.cause}>{causeSentence(incident)}</Table.Td>
              <Table.Td>{cloud.applications.find((it) => it.id === incident.applicationId)?.name ?? "–"}</Table.Td>
              {isProvider ? (
                <Table.Td>{cloud.hosts.find((it) => it.id === incident.hostId)?.name ?? "–"}</Table.Td>
              ) : null}
              <Table.Td className={classes.time}>{dateWords(incident.tp)}</Table.Td>
              <Table.Td className={classes.number} data-label="Tp → Td">
                {spanWords(incident.td - incident.tp)}
              </Table.Td>
              <Table.Td className={classes.number} data-label="Td → Tr">
                {incident.tr === null ? "–" : spanWords(incident.tr - incident.td)}
              </Table.Td>
              <Table.Td className={classes.state}>
                <IncidentStateBadge state={incident.state} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}
