import type { Metadata } from "next";
import { IncidentHistory } from "../../../components/incident/incident-history.tsx";

export const metadata: Metadata = { title: "Incidents" };

export default function IncidentsPage() {
  return <IncidentHistory />;
}
