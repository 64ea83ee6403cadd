import type { ApplicationView, CloudView, ManagerView, SensorReportView, VmView } from "../contract/index.ts";
import { managerLeaseMs } from "../contract/index.ts";
import { consentCovers, fallbacks, sensorsFreshForMs, tellSensorsEveryMs } from "../model/index.ts";
import { agoWords, spanWords } from "./durations.ts";
import { uncapital } from "./uncapital.ts";

/** What is really in place of the customer's part now (DESIGN, invariant 8). */
export interface Together {
  readonly manager: ManagerView | undefined;
  readonly sensors: SensorReportView | undefined;
  /** Whether the image that the VM was made from is known. */
  readonly hasImage: boolean;
}

export function togetherOf(
  cloud: Pick<CloudView, "managers" | "sensorReports" | "images">,
  vm: Pick<VmView, "organizationId" | "applicationId" | "imageId">,
): Together {
  return {
    manager: cloud.managers.find((it) => it.organizationId === vm.organizationId),
    sensors: cloud.sensorReports.find((it) => it.applicationId === vm.applicationId),
    hasImage: cloud.images.some((it) => it.id === vm.imageId),
  };
}

function silent(manager: ManagerView | undefined, now: number): string {
  if (manager === undefined) return "no manager of its owner's ever connected";
  return manager.connected
    ? `nothing shows that messages reach the manager ${manager.name} at their endpoint: its sensors do not report`
    : `the manager ${manager.name} is not connected since ${agoWords(now - manager.heardAt)}`;
}

/**
 * Who repairs for the customer now: their manager that is connected, or a program behind their endpoint. Sensors that report while no manager
 * is connected are such a program's, and the server takes them only while its messages arrive there.
 */
function partnerOf({ manager, sensors }: Together, now: number): string | undefined {
  if (manager?.connected === true && manager.byEndpoint !== true) return `manager ${manager.name}`;
  if (sensors === undefined || sensorTrouble(sensors, now) !== undefined) return undefined;
  if (manager?.connected === true) return `manager ${manager.name} at their endpoint`;
  // What a manager said before it went away is no program's behind an endpoint.
  return manager !== undefined && sensors.reportedAt <= manager.heardAt + managerLeaseMs
    ? undefined
    : "manager at their endpoint";
}

/** Whether the customer's own repair is there: their manager is heard, and their sensors are fresh. */
export function customerAlone(together: Together, now: number): { isProtected: boolean; words: string } {
  const { manager, sensors } = together;
  const partner = partnerOf(together, now);
  if (partner === undefined)
    return { isProtected: false, words: `Its owner repairs it alone, as they chose, and ${silent(manager, now)}.` };
  const trouble = sensorTrouble(sensors, now);
  if (trouble !== undefined)
    return { isProtected: false, words: `Its owner repairs it alone, as they chose, and ${trouble}.` };
  return { isProtected: true, words: `Its owner's ${partner} repairs it, and its sensors are fresh.` };
}

export function sensorTrouble(sensors: SensorReportView | undefined, now: number): string | undefined {
  if (sensors === undefined) return "no sensor of theirs reports";
  return now - sensors.reportedAt > sensorsFreshForMs + tellSensorsEveryMs
    ? `their sensors are silent for ${agoWords(now - sensors.reportedAt)}`
    : undefined;
}

/** What a failure leads to in mode `collaborative`; `isWhole`: both parts are in place. */
export function bothTogether(
  together: Together,
  vm: Pick<VmView, "consent">,
  application: Pick<ApplicationView, "agreement">,
  now: number,
): { readonly isWhole: boolean; readonly words: string } {
  const { agreement } = application;
  const partner = partnerOf(together, now);
  const recreates = consentCovers(vm.consent, "recreate") && together.hasImage;
  const first = recreates ? "made anew from its image" : "started again from its own disk";
  if (partner === undefined)
    return {
      isWhole: false,
      words: `The customer's part is missing: ${silent(together.manager, now)}. If it fails, after ${spanWords(agreement.answerWithinMs)}: ${uncapital(fallbacks[agreement.fallback])}`,
    };
  const words = `If it fails it is ${first}, and the ${partner} finishes.`;
  const trouble = sensorTrouble(together.sensors, now);
  return trouble === undefined
    ? { isWhole: true, words }
    : { isWhole: true, words: `${words} A failure of its servers alone is not noticed: ${trouble}.` };
}
