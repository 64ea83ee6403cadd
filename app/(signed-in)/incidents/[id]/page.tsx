import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { IncidentPage } from "../../../../components/incident/incident-page.tsx";
import { incidentId } from "../../../../lib/contract/index.ts";

export const metadata: Metadata = { title: "Incident" };

export default async function OneIncidentPage({ params }: { params: Promise<{ id: string }> }) {
  const id = incidentId.safeParse((await params).id);
  if (!id.success) notFound();
  return <IncidentPage id={id.data} />;
}
