export { type Api, createApi, isPassing } from "./client.ts";
export {
  allocate,
  allocation,
  allocations,
  applicationNamed,
  askToStand,
  createApplication,
  freeVm,
  images,
  manager,
  reportSensors,
  sayToProvider,
  vms,
} from "./requests.ts";
export {
  checkpoints,
  incidentsOf,
  intent,
  restoreBeside,
  restoreCheckpoint,
  takeCheckpoint,
} from "./saved-states.ts";
