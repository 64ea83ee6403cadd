import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { connection } from "next/server";
import type { BelayGlobal } from "../lib/api/global.ts";

/** The server's half of this process; undefined while it starts, and while Next builds. */
const belay = (): BelayGlobal | undefined => globalThis.belay;

/** Asked for each request: what is known at build time says nothing of the server that runs. */
export async function isSimulated(): Promise<boolean> {
  await connection();
  return belay()?.simulated ?? false;
}

/** Who looks at the page, or undefined where nobody is signed in. */
export async function viewerOrNobody() {
  const asked = await headers();
  return belay()?.viewerOf(asked);
}

/** Who looks at the page. Others are sent to sign in. */
export async function viewer() {
  const found = await viewerOrNobody();
  return found ?? redirect("/sign-in");
}
