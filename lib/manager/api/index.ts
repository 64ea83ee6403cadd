export { type Api, createApi, isPassing } from "./client.ts";
export {
  allocate,
  allocation,
  allocations,
  applicationNamed,
  createApplication,
  freeVm,
  images,
  manager,
  reportSensors,
  sayToProvider,
  vms,
} from "./requests.ts";
