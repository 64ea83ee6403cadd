export { dbosRunner, type RunnerOptions } from "./dbos-runner.ts";
