import type { Metadata } from "next";
import { CustomerPortal } from "../../components/cloud/customer-portal.tsx";
import { ProviderCloud } from "../../components/cloud/provider-cloud.tsx";
import { viewer } from "../who.ts";

export const metadata: Metadata = { title: "Cloud" };

export default async function HomePage() {
  const { role } = await viewer();
  return role === "provider" ? <ProviderCloud /> : <CustomerPortal />;
}
