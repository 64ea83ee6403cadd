import { answerMs, type Invariant } from "./sight.ts";

/**
 * Each open incident is worked on, waits for a person's answer, is a part of its host's that has not ended, or was handed over; each
 * open repair has a program that runs it, each request gets its answer.
 */
export const nobodyWorksOnIt: Invariant = ({ rig, tables, belayLives, openIncidents, openRepairs, lasts }) =>
  function* () {
    const repairs = openRepairs();
    for (const incident of openIncidents()) {
      const name = incident.vmId === null ? incident.hostId : tables.vms.get(incident.vmId)?.vm.name;
      const own = repairs.some((it) => it.incidentId === incident.id);
      // A part is worked on with its whole, and what awaits an answer has told a person so.
      const whole = incident.partOf === null ? undefined : tables.incidents.get(incident.partOf);
      const wholeWorks = whole !== undefined && repairs.some((it) => it.incidentId === whole.id);
      const asks = incident.awaits !== null || (whole?.endedAt === null && whole.awaits !== null);
      const working = own || (incident.state !== "handed-over" && (wholeWorks || asks));
      const wrong = working === (incident.state === "handed-over");
      const ofHost = incident.vmId === null || incident.partOf !== null; // the next turn of the guard goes on with it
      if (ofHost ? lasts(`unworked ${incident.id}`, belayLives() && wrong) : wrong)
        yield `5: the incident of ${name} is ${incident.state} and ${working ? "has" : "has no"} repair at work.`;
      if (incident.words === "") yield `5: the incident of ${name} says nothing.`;
    }
    for (const repair of repairs)
      if (lasts(`idle ${repair.id}`, belayLives() && !rig.belay.journal.isOpen(repair.id)))
        yield `5: repair ${repair.id} is open and no program runs it.`;
    for (const intent of tables.by.openIntent.of("open"))
      if (lasts(`intent ${intent.id}`, belayLives(), answerMs))
        yield `6: a request to kill ${intent.name} was acknowledged and nobody carries it out.`;
  };
