import type { z } from "zod";
import type { customerTechniqueNames, customerView, jointConclusion } from "../../contract/index.ts";
import type { Description } from "../description/index.ts";

/**
 * The customer's own techniques (paper, sections III-A-1 and III-A-2), by what both parties conclude. While a conclusion is unsure
 * nothing is reset, switched off or made anew: at most a server is restarted. `technique-table.test.ts` shows it row by row.
 */

type Technique = (typeof customerTechniqueNames)[number];
type Conclusion = z.infer<typeof jointConclusion>;

export interface Situation {
  /** null: the provider did not answer. */
  readonly conclusion: Conclusion | null;
  readonly view: z.infer<typeof customerView>;
  readonly state: "stateless" | "stateful";
  readonly tried: readonly Technique[];
  /** Why making the VM anew was refused or has failed; null: neither. */
  readonly notMadeAnew: string | null;
  /** Of this server, lately. */
  readonly restarts: number;
  readonly waitedForProvider: boolean;
  /** Other VMs that may be made anew now, each by a conclusion of its own. */
  readonly alsoDead: readonly string[];
  readonly mode: "provider" | "customer" | "collaborative" | "none" | null;
  readonly alone: Description["alone"];
}

export type Choice = { readonly technique: Exclude<Technique, "replicas"> } | { readonly wait: string };

/** What both parties are sure has failed. A silent provider, a doubt and "nothing failed" are nobody's leave to take anything away. */
const surely = (conclusion: Conclusion | null): Conclusion["layer"] =>
  conclusion === null || conclusion.certainty === "unsure" ? null : conclusion.layer;

export function techniqueFor(it: Situation): Choice {
  const may = (technique: Technique) => it.alone.allow.includes(technique);
  const layer = surely(it.conclusion);
  if (layer === "vm" || layer === "host") {
    const against = againstMakingAnew(it);
    if (against !== null) return { wait: against };
    if (it.alsoDead.length > 0 && may("rebuild-many")) return { technique: "rebuild-many" };
    if (may("rebuild-vm")) return { technique: "rebuild-vm" };
    return { wait: "The description does not allow to make its VM anew." };
  }
  if (it.conclusion?.layer === null && it.conclusion.certainty === "certain")
    return { wait: `Its provider says that nothing has failed. ${it.conclusion.words}`.trim() };
  if (!mayBeServer(it))
    return {
      wait:
        it.conclusion === null
          ? "The provider has not said what it sees of the VM."
          : "Neither party is sure that the VM is dead.",
    };
  if (may("restart-server") && it.restarts < it.alone.restartsBeforeMore) return { technique: "restart-server" };
  if (layer !== "application")
    return { wait: "It is not sure that the server is to blame: more than a restart is not done." };
  if (it.state === "stateful" && may("replay-server") && !it.tried.includes("replay-server"))
    return { technique: "replay-server" };
  if (may("rebuild-vm") && !it.tried.includes("rebuild-vm")) return { technique: "rebuild-vm" };
  return { wait: it.notMadeAnew ?? "What the description allows was done and has not helped: a person has to look." };
}

/** Whether a restart may help: the server is concluded to be to blame, or nothing is and the VM is not out of reach. */
function mayBeServer({ conclusion, view }: Situation): boolean {
  const layer = conclusion?.layer ?? null;
  return layer === "application" || (layer === null && view.reached !== "by-none");
}

/** Why a VM is not made anew now; null: both parties are sure that it is dead, and it is the manager's turn. */
export function againstMakingAnew({
  conclusion,
  mode,
  waitedForProvider,
  tried,
  notMadeAnew,
}: Pick<Situation, "conclusion" | "mode" | "waitedForProvider" | "tried" | "notMadeAnew">): string | null {
  const layer = surely(conclusion);
  if (layer !== "vm" && layer !== "host") return "Neither party is sure that the VM is dead.";
  if (mode !== "customer" && !waitedForProvider) return "The provider repairs its VM.";
  if (tried.includes("rebuild-vm") || tried.includes("rebuild-many"))
    return notMadeAnew ?? "Its VM was made anew and that has not helped: a person has to look.";
  return null;
}
