import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { auctionDescription, ensureImage, labImage, labNetwork } from "../../lab/index.ts";
import {
  type ApplicationView,
  applicationView,
  cloudView,
  imageList,
  imageView,
  managerReply,
  policyView,
} from "../../lib/contract/index.ts";
import type { OperatorClient } from "../operator/client.ts";
import { customerKey } from "../stack/customer-key.ts";

/** Whose application the auction is. */
export const auctionOwner = "Aster";
const applicationName = "auction";

export type AuctionImage = "bare" | "prepared";

export interface StageOptions {
  readonly client: OperatorClient;
  /** The server's: the customer's key and description lie in a directory of their own in it. */
  readonly dataDir: string;
  /** By name. It is up, and its hosts are enrolled. */
  readonly lab: string;
  readonly image: AuctionImage;
  /** Another application than the auction of six VMs: its name, its description, and who repairs it. */
  readonly other?: {
    readonly name: string;
    readonly description: string;
    readonly mode: ApplicationView["mode"];
  };
  readonly agreement?: Partial<ApplicationView["agreement"]>;
  readonly say: (words: string) => void;
  readonly signal?: AbortSignal;
}

/** What the manager needs. */
export interface Staged {
  readonly applicationId: ApplicationView["id"];
  readonly organizationId: ApplicationView["organizationId"];
  readonly image: AuctionImage;
  /** The description, for this lab. */
  readonly file: string;
  readonly stateDir: string;
  readonly key: string;
  readonly url: string;
}

/**
 * All that the auction needs of the provider before its customer's manager can bring it up: the image, addresses for VMs, a key of the
 * customer's, the application with what was agreed, and the description. Twice is once.
 */
export async function stageAuction(options: StageOptions): Promise<Staged> {
  const { client, dataDir, lab, image, say, signal } = options;
  const dir = path.join(dataDir, "auction");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const watch = {
    ...(signal && { signal }),
    onPhase: ({ name, detail }: { name: string; detail?: string | undefined }) =>
      say([name, detail].filter(Boolean).join(", ")),
  };
  await registerImage(client, await labImage(lab, image, watch));
  const [{ network }, labs] = await Promise.all([client.ask("GET", "/policy", policyView), labNetwork(lab)]);
  // What the provider chose in this lab since stays; another lab has other addresses.
  if (network?.gateway !== labs.gateway) await client.ask("PATCH", "/policy", policyView, { network: labs });
  say("the image is registered, and VMs get addresses");
  const key = await keptKey(client.url, dataDir, path.join(dir, "key"));
  const { servers } = await ensureImage({ image });
  const { other } = options;
  const file = path.join(dir, `${other?.name ?? image}.yaml`);
  const description = other?.description ?? (await auctionDescription({ image, ...(image === "bare" && { servers }) }));
  await writeFile(file, description, { mode: 0o600 });
  const application = await agreed(options);
  return {
    ...{ applicationId: application.id, organizationId: application.organizationId, image, file, key },
    ...{ stateDir: path.join(dir, other === undefined ? "manager" : `${other.name}-manager`), url: client.url },
  };
}

async function registerImage(client: OperatorClient, image: Awaited<ReturnType<typeof labImage>>): Promise<void> {
  const { images } = await client.ask("GET", "/images", imageList);
  const same = images.some(({ name, sha256 }) => name === image.name && sha256 === image.sha256);
  if (!same) await client.ask("POST", "/images", imageView, image);
}

/** The customer's key, made once by its person and kept where only this user reads. One that was revoked is made anew. */
async function keptKey(url: string, dataDir: string, file: string): Promise<string> {
  const kept = (await readFile(file, "utf8").catch(() => "")).trim();
  if (kept !== "" && (await isGood(url, kept))) return kept;
  const scopes = ["read", "collaborate", "provision", "restore", "configure"] as const;
  const key = await customerKey(url, dataDir, auctionOwner, { name: applicationName, scopes });
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}

async function isGood(url: string, key: string): Promise<boolean> {
  const reply = await fetch(`${url}/api/v1/manager`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(20_000),
  });
  return reply.ok && managerReply.safeParse(await reply.json().catch(() => undefined)).success;
}

const answerWithinMs = 5_000;
const finishWithinMs = 3 * 60_000;

/** The application, in mode `collaborative`: made here where it is not there. What people chose for it since stays. */
async function agreed({ client, agreement, other }: StageOptions): Promise<ApplicationView> {
  const name = other?.name ?? applicationName;
  const { organizations, applications } = await client.ask("GET", "/cloud", cloudView);
  const owner = organizations.find((it) => it.name === auctionOwner);
  if (owner === undefined) throw new Error(`there is no customer ${auctionOwner}`);
  const known = applications.find((it) => it.organizationId === owner.id && it.name === name);
  if (known !== undefined && agreement === undefined) return known;
  const application =
    known ?? (await client.ask("POST", "/applications", applicationView, { organizationId: owner.id, name }));
  return client.ask("PATCH", `/applications/${application.id}`, applicationView, {
    mode: other?.mode ?? "collaborative",
    agreement: { answerWithinMs, finishWithinMs, fallback: "own-disk", ...agreement },
  });
}
