import { cloudView, enrolHostReply, hostExamination, hostList } from "../../lib/contract/index.ts";
import { Failure } from "../kit/failure.ts";
import { type OperatorClient, Refused } from "../operator/client.ts";
import { checkLines, hostLines, keyLines } from "./words.ts";

/** What the commands are given: the server, where they print, and a person to ask where there is one. */
export interface HostIo {
  readonly client: OperatorClient;
  print(line: string): void;
  /** undefined without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

export interface AddOptions {
  readonly name?: string | undefined;
  readonly approve?: string | undefined;
  readonly allowFaultInjection?: boolean | undefined;
}

const questions = 3;

/** The approved fingerprint: as given, or as a person says to what the host shows. Throws where nobody approves. */
async function approval(io: HostIo, uri: string, given: string | undefined): Promise<string> {
  const { client, print, ask } = io;
  const seen = await client.ask("POST", "/hosts/examine", hostExamination, { uri });
  const shown = seen.hostKeySha256;
  if (given !== undefined) {
    if (given === shown) return shown;
    throw new Failure(
      `The host shows the key ${shown}, not the approved ${given}.`,
      "Find out why before you approve it: another machine may answer at this address.",
    );
  }
  for (const line of keyLines(seen.uri, seen.hostKeyAlgorithm, shown)) print(line);
  if (ask === undefined)
    throw new Failure(
      "Nobody approved this key, and there is no terminal to ask on.",
      `Compare it, then run the same command with --approve ${shown}`,
    );
  for (let asked = 0; asked < questions; asked++) {
    const answer = (await ask("Is this the host's key? (yes/no) ")).trim().toLowerCase();
    if (answer === "yes") return shown;
    if (answer === "no") break;
    print("Please answer yes or no.");
  }
  throw new Failure(
    "The key was not approved; nothing was enrolled.",
    "Compare the two fingerprints, then add the host again.",
  );
}

export async function addHost(io: HostIo, uri: string, options: AddOptions): Promise<void> {
  const { client, print } = io;
  const approvedHostKeySha256 = await approval(io, uri, options.approve);
  const { name, allowFaultInjection: faultInjection = false } = options;
  const body = { uri, approvedHostKeySha256, faultInjection, ...(name !== undefined && { name }) };
  const { host, examination } = await client.ask("POST", "/hosts", enrolHostReply, body).catch((error: unknown) => {
    if (!(error instanceof Refused) || error.checks === undefined) throw error;
    for (const line of checkLines(error.checks)) print(line);
    throw new Failure(
      "The host was not enrolled: it lacks what is marked ✗.",
      "Do what is said there, then add it again.",
    );
  });
  for (const line of checkLines(examination.checks)) print(line);
  print("");
  print(`${host.name} is watched from now on. Its running VMs are taken over as they are; none is restarted.`);
  print(`Next: see it at ${client.url}, say whose its VMs are, or  npm run host -- list`);
}

export async function examineHost(io: HostIo, uri: string, approve: string | undefined): Promise<void> {
  const { client, print } = io;
  const body = { uri, ...(approve !== undefined && { approvedHostKeySha256: approve }) };
  const seen = await client.ask("POST", "/hosts/examine", hostExamination, body);
  for (const line of keyLines(seen.uri, seen.hostKeyAlgorithm, seen.hostKeySha256)) print(line);
  if (approve === undefined) {
    print(`Next: to look further Belay has to log in:  npm run host -- examine ${uri} --approve ${seen.hostKeySha256}`);
    return;
  }
  for (const line of checkLines(seen.checks)) print(line);
  print("");
  if (!seen.ready)
    throw new Failure(
      "The host is not ready: it lacks what is marked ✗.",
      "Do what is said there, then examine it again.",
    );
  print(`The host is ready. Next:  npm run host -- add ${uri} --approve ${approve}`);
}

export async function listHosts({ client, print }: HostIo): Promise<void> {
  const { hosts, vms } = await client.ask("GET", "/cloud", cloudView);
  for (const line of hostLines(hosts, vms)) print(line);
  if (hosts.length > 0) print(`Next: see them at ${client.url}, or watch another  npm run host -- add URI`);
}

export async function removeHost({ client, print }: HostIo, name: string): Promise<void> {
  const { hosts } = await client.ask("GET", "/hosts", hostList);
  const host = hosts.find((one) => one.name === name || one.id === name);
  if (host === undefined)
    throw new Failure(
      `No host is called ${name}.`,
      hosts.length === 0 ? "None is enrolled." : `There are: ${hosts.map((one) => one.name).join(", ")}`,
    );
  await client.remove(`/hosts/${host.id}`);
  print(`${host.name} is forgotten. Its guests run on; nobody repairs them now.`);
  print(`Next: to watch it again  npm run host -- add ${host.uri}`);
}
