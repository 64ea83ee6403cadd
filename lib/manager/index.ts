export type { ManagerIo } from "./commands/io.ts";
export { explainManager, managerProgram } from "./commands/program.ts";
