import type { Workers } from "../agent/index.ts";
import { viewOf } from "../decide/index.ts";
import { serverNamed, serversOn, type VmSpec } from "../description/index.ts";
import type { VmRecords } from "../provision/index.ts";
import type { Act, HandsContext, Log, SensorHands, TechniqueHands } from "../servers.ts";
import type { Workshop } from "./workshop.ts";

/** The agent's work, done with the hands. */
export function createWorkers(options: {
  readonly context: HandsContext;
  readonly records: VmRecords;
  readonly workshop: Workshop;
  readonly sensors: SensorHands;
  readonly doing: (key: string, work: (techniques: TechniqueHands) => Promise<void>) => Promise<void>;
  readonly log: Log;
}): Workers {
  const { records, workshop, sensors, doing, log } = options;
  const { description } = options.context;
  const vmOf = (name: string): readonly VmSpec[] => description.vms.filter((vm) => vm.name === name);

  return {
    async finish(job, report, signal) {
      await records.broughtBack(job.vm, `${job.repair}/${job.run}`, job);
      await workshop.finish(job.vm, `${job.repair}/${job.run}`, { signal, onPart: report });
      await workshop.rebind([job.vm], quiet(signal, log));
      const servers = serversOn(description, job.vm).map(({ name }) => name);
      return `${servers.join(", ")} ${servers.length === 1 ? "works" : "work"} again.`;
    },

    async look(vm, signal) {
      return viewOf(vm, await sensors.readVm(vm, signal));
    },

    async act({ technique, key, server, vms }, signal, say) {
      const act = quiet(signal, say);
      const specs = vms.flatMap(vmOf);
      const [first] = specs;
      await doing(key, async (techniques) => {
        if (technique === "restart-server" && server !== null)
          await techniques.restartServer(serverNamed(description, server), act);
        else if (technique === "replay-server" && server !== null)
          await techniques.replayServer(serverNamed(description, server), act);
        else if (technique === "rebuild-vm" && first !== undefined) await techniques.rebuildVm(first, act);
        else if (technique === "rebuild-many") await techniques.rebuildMany(specs, act);
      });
    },
  };
}

/** Progress as lines, each once. */
export function quiet(signal: AbortSignal, log: Log): Act {
  let last = "";
  return {
    signal,
    progress(_, words) {
      if (words !== last) log(words);
      last = words;
    },
  };
}
