import type { z } from "zod";
import type { customerTechniqueNames, customerView, jointConclusion } from "../../contract/index.ts";
import type { Description } from "../description/index.ts";

/** The customer's own techniques (paper, sections III-A-1 and III-A-2), by what both parties conclude. */

type Technique = (typeof customerTechniqueNames)[number];

export interface Situation {
  /** null: the provider did not answer. */
  readonly conclusion: z.infer<typeof jointConclusion> | null;
  readonly view: z.infer<typeof customerView>;
  readonly state: "stateless" | "stateful";
  readonly tried: readonly Technique[];
  /** Of this server, lately. */
  readonly restarts: number;
  readonly waitedForProvider: boolean;
  /** VMs that nobody of ours reaches. */
  readonly vmsDown: readonly string[];
  readonly mode: "provider" | "customer" | "collaborative" | "none" | null;
  readonly alone: Description["alone"];
}

export type Choice =
  | { readonly technique: Exclude<Technique, "rebuild-many" | "replicas"> }
  | { readonly technique: "rebuild-many"; readonly vms: readonly string[] }
  | { readonly wait: string };

export function techniqueFor(it: Situation): Choice {
  const may = (technique: Technique) => it.alone.allow.includes(technique);
  const ownView = it.view.reached === "by-none" ? "vm" : "application";
  const layer = it.conclusion === null || it.conclusion.layer === null ? ownView : it.conclusion.layer;
  if (layer === "application") {
    if (may("restart-server") && it.restarts < it.alone.restartsBeforeMore) return { technique: "restart-server" };
    if (it.state === "stateful" && may("replay-server") && !it.tried.includes("replay-server"))
      return { technique: "replay-server" };
    if (may("rebuild-vm") && it.conclusion !== null && !it.tried.includes("rebuild-vm"))
      return { technique: "rebuild-vm" };
    return { wait: "What the description allows was done and has not helped: a person has to look." };
  }
  // Nothing is taken away from under a VM of which nobody knows whether it lives.
  if (it.conclusion === null) return { wait: "The provider has not said what it sees of the VM." };
  if (it.conclusion.certainty === "unsure") return { wait: "Neither party is sure that the VM is dead." };
  if (it.mode !== "customer" && !it.waitedForProvider) return { wait: "The provider repairs its VM." };
  if (it.tried.includes("rebuild-vm") || it.tried.includes("rebuild-many"))
    return { wait: "Its VM was made anew and that has not helped: a person has to look." };
  if (it.vmsDown.length > 1 && may("rebuild-many")) return { technique: "rebuild-many", vms: it.vmsDown };
  if (may("rebuild-vm")) return { technique: "rebuild-vm" };
  return { wait: "The description does not allow to make its VM anew." };
}
