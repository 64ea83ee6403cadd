import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { SettingsPage } from "../../../components/settings/settings-page.tsx";
import { viewer } from "../../who.ts";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsRoute() {
  const { role } = await viewer();
  if (role !== "provider") notFound();
  return <SettingsPage />;
}
