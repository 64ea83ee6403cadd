export { type BringUp, bringUp, type Part } from "./bring-up.ts";
export { digestsOf } from "./digest.ts";
