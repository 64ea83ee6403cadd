import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { type Api, applicationNamed, createApi, createApplication, images } from "../api/index.ts";
import { type Description, faultLines, missingFiles, readDescription, serversOn } from "../description/index.ts";
import { type Journal, openJournal, peekJournal } from "../journal/index.ts";
import { createProvision, type Provision, type VmRecords, vmRecords } from "../provision/index.ts";
import {
  type HandsContext,
  type Log,
  ManagerError,
  type SensorHands,
  type ServerHands,
  type TechniqueHands,
  type VmHands,
} from "../servers.ts";
import { type MakeHands, realHands } from "./hands.ts";
import { secretsOf } from "./secrets.ts";
import { keyPairOf } from "./ssh-key.ts";
import { createWorkshop, type Workshop } from "./workshop.ts";

/** Everything that a command works with, opened from a description. */
export interface Opened {
  readonly description: Description;
  readonly warnings: readonly string[];
  readonly stateDir: string;
  readonly journal: Journal;
  /** Of this state directory, for good. */
  readonly instance: string;
  readonly api: Api;
  readonly key: string;
  readonly records: VmRecords;
  readonly context: HandsContext;
  readonly hands: ServerHands;
  readonly sensors: SensorHands;
  readonly techniques: TechniqueHands;
  readonly provision: Provision;
  readonly vms: VmHands;
  readonly workshop: Workshop;
  /** One doing of a technique, named by `key`: it may be cut off and begun again. Whoever keeps its end forgets its steps then. */
  doing(key: string, work: (techniques: TechniqueHands) => Promise<void>): Promise<void>;
  /** The provider's id of an image, by our name for it. */
  imageIdOf(image: string): Promise<string>;
  /** Asks the provider once; made there where the key may. */
  applicationId(): Promise<string>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly file: string;
  readonly state?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly makeHands?: MakeHands;
  /** For commands that look only: they may run beside the manager that runs. */
  readonly look?: boolean;
}

interface Checked {
  readonly description: Description;
  readonly directory: string;
  /** What may be so, and is better known, each with its line and cure. */
  readonly warnings: readonly string[];
}

export async function readFileChecked(file: string): Promise<Checked> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ManagerError(
      { code: "no-description", message: `${file} cannot be read.`, cure: "Write one: belay-manager init" },
      { cause },
    );
  });
  const read = readDescription(text);
  const directory = path.dirname(file);
  const faults = read.ok ? (await missingFiles(read.description, directory)).map(read.placed) : read.faults;
  if (!read.ok || faults.length > 0) {
    const words = faults.map((fault) => faultLines(file, fault)).join("\n");
    throw new ManagerError({
      code: "description-wrong",
      message: words,
      cure: `Correct ${faults.length === 1 ? "it" : "these"} in ${path.basename(file)}, then run the command again.`,
    });
  }
  const { description, warnings } = read;
  return { description, directory, warnings: warnings.map((warning) => faultLines(file, warning)) };
}

export const stateDirOf = (description: Description, { state, cwd }: Pick<OpenOptions, "state" | "cwd">): string =>
  path.resolve(
    cwd,
    state ?? path.join(".belay-manager", description.application.name.toLowerCase().replace(/[^a-z0-9.-]+/g, "-")),
  );

export async function openWork(options: OpenOptions): Promise<Opened> {
  const { env, log } = options;
  const file = path.resolve(options.cwd, options.file);
  const { description, directory, warnings } = await readFileChecked(file);
  const url = env.BELAY_URL || description.belay.url;
  if (url === undefined)
    throw new ManagerError({
      code: "no-url",
      message: "It is not said where the provider's Belay is.",
      field: "belay.url",
      cure: "Set BELAY_URL, or write belay: { url: … } into the description.",
    });
  const key = env.BELAY_KEY;
  if (!key)
    throw new ManagerError({
      code: "no-key",
      message: "There is no key.",
      cure: "Make one on the page Manager (scopes read, collaborate, provision, restore, configure), and set BELAY_KEY.",
    });
  const stateDir = stateDirOf(description, options);
  const journal = options.look ? await peekJournal(stateDir) : await openJournal(stateDir);
  try {
    return await opened({ ...options, description, directory, warnings, stateDir, journal, url, key, log });
  } catch (error) {
    await journal.close();
    throw error;
  }
}

async function opened(
  it: OpenOptions & {
    readonly description: Description;
    readonly directory: string;
    readonly warnings: readonly string[];
    readonly stateDir: string;
    readonly journal: Journal;
    readonly url: string;
    readonly key: string;
  },
): Promise<Opened> {
  const { description, directory, stateDir, journal, log } = it;
  const instance = await instanceOf(journal);
  const api = createApi(it.url, it.key);
  const records = vmRecords(journal, description);
  // A first look, before anything was done: there is no state directory yet.
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const pair = await keyPairOf(description, directory, stateDir);
  const { user, port } = description.ssh;
  const context: HandsContext = {
    ...{ description, directory, stateDir, log },
    addresses: records,
    ssh: { user, port, privateKey: pair.privateKey },
    secretOf: await secretsOf(description, directory, stateDir, it.env),
    notes: journal,
  };
  const made = (it.makeHands ?? realHands)(context);
  const { hands } = made;
  const workshop = createWorkshop({ description, directory, journal, records, hands, log });

  async function applicationId(): Promise<string> {
    const known = journal.recall("application");
    if (typeof known === "string") return known;
    const { name } = description.application;
    const found = (await applicationNamed(api, name)) ?? (await createApplication(api, name));
    await journal.remember("application", found.id);
    return found.id;
  }

  let imageIds: Promise<ReadonlyMap<string, string>> | undefined;
  async function imageIdOf(image: string): Promise<string> {
    imageIds ??= images(api).then((all) => new Map(all.map(({ name, id }) => [name, id])));
    const name = description.images[image] ?? image;
    const id = (await imageIds).get(name);
    if (id !== undefined) return id;
    throw new ManagerError({
      code: "no-image",
      message: `The provider has no image "${name}".`,
      field: `images.${image}`,
      cure: `Use one of: ${[...(await imageIds).keys()].join(", ") || "there is none yet"}.`,
    });
  }

  const provision = createProvision({ api, records, instance, applicationId, imageIdOf, publicKey: pair.publicKey });
  const vms: VmHands = {
    hasDisk: (vm, act) => provision.isThere(vm.name, act),
    free: (vm, act) => provision.free(vm.name, act),
    async allocate(vm, act) {
      const { address } = await provision.allocate(vm, act);
      await hands.reach(vm, act);
      return { address };
    },
    async finish(specs, act) {
      const names = specs.map(({ name }) => name);
      await workshop.put(
        names.flatMap((name) => serversOn(description, name)),
        { signal: act.signal, onPart: (part, percent, words) => act.progress(percent, `${part}: ${words}`) },
      );
      await workshop.rebind(names, act);
    },
  };
  const done = z.undefined().or(z.null());
  /** Of one doing: begun again after a kill -9, it does not give back the VM that it has just been given. */
  const vmsOf = (key: string): VmHands => ({
    ...vms,
    hasDisk: async (vm, act) => !journal.stepOf(`${key}/free/${vm.name}`)?.done && (await vms.hasDisk(vm, act)),
    free: async (vm, act) => void (await journal.step(`${key}/free/${vm.name}`, done, () => vms.free(vm, act))),
  });
  const techniques = made.techniques(vms);
  return {
    ...{ description, stateDir, journal, instance, api, records, context, hands, techniques, provision, vms, workshop },
    ...{ warnings: it.warnings, key: it.key, imageIdOf, sensors: made.sensors, applicationId },
    doing: (key, work) => work(made.techniques(vmsOf(key))),
    async close() {
      await Promise.allSettled([hands.close(), made.sensors.close()]);
      await journal.close();
    },
  };
}

async function instanceOf(journal: Journal): Promise<string> {
  const kept = journal.recall("instance");
  if (typeof kept === "string") return kept;
  const made = randomUUID();
  await journal.remember("instance", made);
  return made;
}
