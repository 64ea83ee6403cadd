import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

const accountsFile = z.object({
  accounts: z.array(
    z.object({ organization: z.string(), role: z.string(), name: z.string(), email: z.string(), password: z.string() }),
  ),
});
type Account = z.infer<typeof accountsFile>["accounts"][number];

/** The people that the server made at its first start. A password that a person changed since is not in here. */
export async function readAccounts(dataDir: string): Promise<Account[]> {
  return accountsFile.parse(JSON.parse(await readFile(path.join(dataDir, "accounts.json"), "utf8"))).accounts;
}

export interface Welcome {
  readonly url: string;
  readonly accounts: readonly Account[];
  /** Why this is the simulated cloud; undefined for a real one. */
  readonly simulatedBecause: string | undefined;
  readonly logFile: string;
  /** Its name, where it is not the one that `npm run lab` takes by itself. */
  readonly lab: string | undefined;
  /** Why the auction is left out; undefined: it is being brought up. */
  readonly noAuction: string | undefined;
}

/** What a person needs who has never seen this. */
export function welcomeLines({ url, accounts, simulatedBecause, logFile, lab, noAuction }: Welcome): string[] {
  const widths = {
    who: Math.max(...accounts.map(({ organization, role }) => `${organization} (${role})`.length)),
    email: Math.max(...accounts.map(({ email }) => email.length)),
  };
  const people = accounts.map(
    ({ organization, role, email, password }) =>
      `    ${`${organization} (${role})`.padEnd(widths.who)}   ${email.padEnd(widths.email)}   ${password}`,
  );
  const simulated = simulatedBecause
    ? [`  SIMULATED: hosts and guests are in memory, because ${simulatedBecause}.`, ""]
    : [];
  return [
    "",
    `  Belay runs:  ${url}`,
    "",
    ...simulated,
    "  Sign in as",
    ...people,
    "",
    "  Try: as the provider press Kill VM on the card of web-1. Its QEMU is killed; watch it fail, be repaired and answer again.",
    "       As the customer who owns it look at the same from the other side; the other customer sees nothing of it.",
    ...(simulatedBecause ? [] : labLines(lab === undefined ? "" : ` --lab ${lab}`)),
    ...(simulatedBecause ? [] : [auctionLine(noAuction)]),
    "       npm run host -- add qemu+ssh://root@ADDRESS/system   watches a host of your own.",
    "",
    `  Ctrl-C stops everything. The server's log: ${logFile}`,
    "",
  ];
}

const labLines = (named: string): string[] => [
  `       Pull the plug of a host:  npm run lab -- power off host-1${named}`,
  "       Belay proves that it is off and starts its VM on another host. With power on it comes back, is examined, and is in use again.",
  "       More to break it with: cut host-2, isolate host-2, libvirtd stop host-2, bmc dark host-2 (and mend, rejoin, start, lit).",
];

const auctionLine = (noAuction: string | undefined): string =>
  noAuction === undefined
    ? "       An auction of six VMs, with its customer's manager, comes up in the background: its address is told here (some minutes in emulation)."
    : `       The auction of six VMs is not brought up: ${noAuction}.`;
