import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ApplicationPage } from "../../../../components/application/application-page.tsx";
import { applicationId } from "../../../../lib/contract/index.ts";

export const metadata: Metadata = { title: "Application" };

export default async function ApplicationRoute({ params }: { readonly params: Promise<{ readonly id: string }> }) {
  const id = applicationId.safeParse((await params).id);
  if (!id.success) notFound();
  return <ApplicationPage id={id.data} />;
}
