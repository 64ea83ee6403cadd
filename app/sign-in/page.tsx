import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignIn } from "../../components/session/sign-in.tsx";
import { viewerOrNobody } from "../who.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage() {
  if (await viewerOrNobody()) redirect("/");
  return <SignIn />;
}
