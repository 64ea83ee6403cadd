import { isIP } from "node:net";
import { BelayError } from "../model/index.ts";
import { type AddressRules, judgeAddress } from "./address.ts";

/** A URL whose addresses were looked up and may be called: whoever calls it must call these, and look nothing up again. */
export interface CheckedUrl {
  readonly url: URL;
  readonly addresses: readonly string[];
}

export type Lookup = (host: string) => Promise<readonly string[]>;

const refused = (message: string, cure: string) => new BelayError("bad-input", message, { field: "url", cure });
const publicCure = "Use an address that the internet reaches, or ask the provider to allow its network for endpoints.";

const resolved = async (host: string, lookup: Lookup): Promise<readonly string[]> => {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host).catch(() => []);
  if (found.length > 0) return found;
  throw refused(`${host} has no address.`, "Look whether the name is spelled well and known to the DNS.");
};

/** Throws BelayError with the field `url`. Every address of the name must be allowed: which one is called is not ours to choose. */
export async function checkUrl(text: string, rules: AddressRules, lookup: Lookup): Promise<CheckedUrl> {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw refused("The endpoint is no https:// address.", "Send an address such as https://manager.example/belay.");
  if (url.username !== "" || url.password !== "")
    throw refused(
      "The endpoint's address holds a password.",
      "Leave it out: deliveries are signed with their own secret.",
    );
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = await resolved(host, lookup);
  const verdicts = addresses.map((address) => judgeAddress(address, rules));
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict.ok) continue;
    const named = addresses[index] === host ? host : `${host} is ${addresses[index]}`;
    throw refused(`${named}: ${verdict.words}, which endpoints may not have.`, publicCure);
  }
  const isPlainAllowed = verdicts.every((verdict) => verdict.ok && verdict.byName);
  if (url.protocol === "http:" && !isPlainAllowed)
    throw refused(
      "The endpoint must be reached by https://.",
      "Only networks that the provider allows by name may go without.",
    );
  return { url, addresses };
}
