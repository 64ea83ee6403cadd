import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccessPage } from "../../../components/collaboration/access-page.tsx";
import { viewer } from "../../who.ts";

export const metadata: Metadata = { title: "Your manager" };

export default async function AccessRoute() {
  const { role } = await viewer();
  if (role !== "customer") notFound();
  return <AccessPage />;
}
