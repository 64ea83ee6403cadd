import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

const accountsFile = z.object({
  accounts: z.array(
    z.object({ organization: z.string(), role: z.string(), name: z.string(), email: z.string(), password: z.string() }),
  ),
});
type Account = z.infer<typeof accountsFile>["accounts"][number];

/** The people that the server made at its first start. A password that was changed since, and who was added since, is not in here. */
export async function readAccounts(dataDir: string): Promise<Account[]> {
  return accountsFile.parse(JSON.parse(await readFile(path.join(dataDir, "accounts.json"), "utf8"))).accounts;
}

export interface Welcome {
  readonly url: string;
  readonly accounts: readonly Account[];
  readonly cloud: WelcomeCloud;
  readonly logFile: string;
}

/** What Belay was started for. */
export type WelcomeCloud =
  | {
      readonly kind: "lab";
      /** Its name, where it is not the one that `npm run lab` takes by itself. */
      readonly name: string | undefined;
      /** Why the auction is left out; undefined: it is being brought up. */
      readonly noAuction: string | undefined;
    }
  | { readonly kind: "simulated"; readonly because: string }
  /** Hosts of the person's own. */
  | { readonly kind: "own" };

/** What a person needs who has never seen this. */
export function welcomeLines({ url, accounts, cloud, logFile }: Welcome): string[] {
  const widths = {
    who: Math.max(...accounts.map(({ organization, role }) => `${organization} (${role})`.length)),
    email: Math.max(...accounts.map(({ email }) => email.length)),
  };
  const people = accounts.map(
    ({ organization, role, email, password }) =>
      `    ${`${organization} (${role})`.padEnd(widths.who)}   ${email.padEnd(widths.email)}   ${password}`,
  );
  const simulated =
    cloud.kind === "simulated" ? [`  SIMULATED: hosts and guests are in memory, because ${cloud.because}.`, ""] : [];
  return [
    "",
    `  Belay runs:  ${url}`,
    "",
    ...simulated,
    "  Sign in as",
    ...people,
    "  (Whoever was given a new password since has that one.)",
    "",
    ...next(cloud),
    "",
    `  Ctrl-C stops everything. The server's log: ${logFile}`,
    "",
  ];
}

function next(cloud: WelcomeCloud): string[] {
  switch (cloud.kind) {
    case "own":
      return ownLines;
    case "simulated":
      return demoLines; // a host of one's own cannot be among simulated ones
    case "lab":
      return [
        ...demoLines,
        ...labLines(cloud.name === undefined ? "" : ` --lab ${cloud.name}`),
        auctionLine(cloud.noAuction),
        `       ${addHost}   watches a host of your own.`,
      ];
  }
}

const addHost = "npm run host -- add qemu+ssh://root@ADDRESS/system";

const ownLines = [
  `  Next: ${addHost}   watches a host.`,
  "        It looks first, and says what the host lacks (Belay's key, to begin with) and the cure.",
  "        npm run people -- add EMAIL --name NAME --customer ORGANIZATION --new   lets a customer sign in.",
];

const demoLines = [
  "  Try: as the provider press Kill VM on the card of web-1. Its QEMU is killed; watch it fail, be repaired and answer again.",
  "       As the customer who owns it look at the same from the other side; the other customer sees nothing of it.",
];

const labLines = (named: string): string[] => [
  `       Pull the plug of a host:  npm run lab -- power off host-1${named}`,
  "       Belay proves that it is off and starts its VM on another host. With power on it comes back, is examined, and is in use again.",
  "       More to break it with: cut host-2, isolate host-2, libvirtd stop host-2, bmc dark host-2 (and mend, rejoin, start, lit).",
];

const auctionLine = (noAuction: string | undefined): string =>
  noAuction === undefined
    ? "       An auction of six VMs, with its customer's manager, comes up in the background: its address is told here (some minutes in emulation)."
    : `       The auction of six VMs is not brought up: ${noAuction}.`;
