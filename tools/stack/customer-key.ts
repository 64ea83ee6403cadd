import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { newKeyReply } from "../../lib/contract/index.ts";
import type { KeyScope } from "../../lib/model/index.ts";

const accountsFile = z.object({
  accounts: z.array(z.object({ role: z.string(), organization: z.string(), email: z.string(), password: z.string() })),
});

/** A customer's person signs in and makes a key, as in the portal. Gives the key's secret; `name` is what the portal shows. */
export async function customerKey(
  url: string,
  dataDir: string,
  organization: string,
  key: { readonly name: string; readonly scopes: readonly KeyScope[] },
): Promise<string> {
  const { accounts } = accountsFile.parse(JSON.parse(await readFile(path.join(dataDir, "accounts.json"), "utf8")));
  const account = accounts.find((it) => it.organization === organization && it.role === "customer");
  if (account === undefined) throw new Error(`there is no account of ${organization}`);
  const post = (route: string, body: unknown, cookie?: string) =>
    fetch(`${url}${route}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url, ...(cookie !== undefined && { cookie }) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
  const { email, password } = account;
  const signedIn = await post("/api/auth/sign-in/email", { email, password });
  if (!signedIn.ok) throw new Error(`signing in as ${email}: ${signedIn.status}`);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((it) => it.split(";")[0])
    .join("; ");
  const made = await post("/api/v1/keys", key, cookie);
  if (!made.ok) throw new Error(`making a key: ${made.status} ${await made.text()}`);
  return newKeyReply.parse(await made.json()).secret;
}
