import type { OrganizationId, Vm } from "../../model/index.ts";
import { type ManagerAction, type ManagerPlan, managerPlan } from "./actions.ts";
import { type ManagerWorld, SimManager } from "./manager.ts";

/** Managers of all customers of a simulated cloud. They outlive every death of Belay. */
export interface Managers {
  /** The sentence for it, or undefined where it cannot be done now. */
  befall(action: ManagerAction): Promise<string | undefined>;
  all(): readonly SimManager[];
  close(): void;
}

export function createManagers(at: ManagerWorld): Managers {
  const known = new Map<string, SimManager>();
  const vmNamed = (name: string): Vm | undefined =>
    [...at.store.tables.vms.values()].find((row) => !row.removed && row.vm.name === name)?.vm;
  const managerOf = (organization: OrganizationId, name: string, plan: ManagerPlan): SimManager => {
    const key = `${organization} ${name}`;
    const found = known.get(key) ?? new SimManager(at, organization, name, plan);
    known.set(key, found);
    return found;
  };

  return {
    async befall(action) {
      const vm = vmNamed(action.vm);
      if (vm === undefined || vm.organizationId === null) return undefined;
      const owner = `${action.manager} of the owner of ${action.vm}`;
      const manager = managerOf(vm.organizationId, action.manager, managerPlan.parse({}));
      switch (action.do) {
        case "manager-starts":
          if (manager.alive) return undefined;
          manager.plan = action.plan;
          manager.start();
          return `The ${owner} starts.`;
        case "manager-dies":
          if (!manager.alive) return undefined;
          manager.die();
          return `The ${owner} is killed.`;
        case "manager-will":
          manager.plan = action.plan;
          return `The ${owner} will ${action.plan.answer} from now on.`;
        case "service-fails":
        case "service-mended": {
          const well = action.do === "service-mended";
          at.world.tell(
            well ? `The server in ${vm.name} works again.` : `The server in ${vm.name} dies; the VM is well.`,
          );
          await manager.sees(vm, well);
          return `The ${owner} sees it.`;
        }
      }
    },
    all: () => [...known.values()],
    close() {
      for (const manager of known.values()) if (manager.alive) manager.die();
    },
  };
}
