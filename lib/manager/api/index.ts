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
  sayToProvider,
  vms,
} from "./requests.ts";
