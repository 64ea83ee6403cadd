import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { HostPage } from "../../../../components/host/host-page.tsx";
import { hostId } from "../../../../lib/contract/index.ts";
import { viewer } from "../../../who.ts";

export const metadata: Metadata = { title: "Host" };

export default async function OneHostPage({ params }: { params: Promise<{ id: string }> }) {
  const { role } = await viewer();
  const id = hostId.safeParse((await params).id);
  if (role !== "provider" || !id.success) notFound();
  return <HostPage id={id.data} />;
}
