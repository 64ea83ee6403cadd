import type { Incident } from "../../model/index.ts";
import { howGroupWent } from "./group/standing.ts";
import { wasLeftDefined } from "./leave-defined.ts";

/**
 * It was handed over because starting it could make two of it, or put a disk of now beside a memory of then. What becomes of its host afterwards, or
 * that there is room now, changes nothing of that: a person has to look. One that was never handed over goes on.
 */
export const isLeftToPeople = (incident: Pick<Incident, "state" | "cause" | "repairs"> | undefined): boolean =>
  incident?.state === "handed-over" &&
  (incident.cause === "vanished" ||
    incident.cause === "two-copies" ||
    wasLeftDefined(incident) ||
    howGroupWent(incident) === "given-up");
