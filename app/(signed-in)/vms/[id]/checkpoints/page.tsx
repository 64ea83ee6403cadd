import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { CheckpointsPage } from "../../../../../components/checkpoint/checkpoints-page.tsx";
import { vmId } from "../../../../../lib/contract/index.ts";

export const metadata: Metadata = { title: "Checkpoints" };

export default async function CheckpointsOfOneVm({ params }: { params: Promise<{ id: string }> }) {
  const id = vmId.safeParse((await params).id);
  if (!id.success) notFound();
  return <CheckpointsPage id={id.data} />;
}
