import type { Incident, Repair, TechniqueName } from "../../../model/index.ts";
import { hasStep, stepNames } from "./parts.ts";

type Repaired = Pick<Incident, "repairs">;
const ofGroup = ({ repairs }: Repaired) => repairs.filter((it) => it.technique === "group-restore");
const wentOf = (repair: Repair) =>
  hasStep(repair, stepNames.givenUp)
    ? "given-up"
    : hasStep(repair, stepNames.back)
      ? "back"
      : hasStep(repair, stepNames.stopped)
        ? "stopped"
        : undefined;

/**
 * How far a VM came with its group, by the last repair that says so. `stopped`: it was switched off to go back with the others, and whoever led them
 * has not come to an end: it may be off, or held, and its definition may name the disk of a checkpoint. `given-up`: it has its own disk again, and
 * none of them is started alone, beside states of another instant. `back`: it runs, of the instant that all of them went to.
 */
export const howGroupWent = (incident: Repaired | undefined): "stopped" | "given-up" | "back" | undefined =>
  incident === undefined
    ? undefined
    : ofGroup(incident)
        .map(wentOf)
        .findLast((it) => it !== undefined);

/** The last repair by which it was stopped: that has noted what it is made of. */
export const stoppedBy = (incident: Repaired): Repair | undefined =>
  ofGroup(incident).findLast((it) => hasStep(it, stepNames.stopped));

/** One that was stopped goes on with its group, which is taken back or given up: by itself it would start beside states of another instant. */
export const goesOn = (
  incident: Repaired,
  { technique }: { readonly technique?: TechniqueName } = {},
): { readonly technique: "group-restore"; readonly words: string } | undefined =>
  technique !== "group-restore" && howGroupWent(incident) === "stopped"
    ? { technique: "group-restore", words: "Its group was stopped, to go back together: that is ended first." }
    : undefined;
