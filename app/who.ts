import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { BelayGlobal } from "../lib/api/global.ts";

/** The server's half of this process; undefined only while it starts. */
const belay = (): BelayGlobal | undefined => globalThis.belay;

export const isSimulated = (): boolean => belay()?.simulated ?? false;

/** Who looks at the page, or undefined where nobody is signed in. */
export const viewerOrNobody = async () => belay()?.viewerOf(await headers());

/** Who looks at the page. Others are sent to sign in. */
export async function viewer() {
  const found = await viewerOrNobody();
  return found ?? redirect("/sign-in");
}
