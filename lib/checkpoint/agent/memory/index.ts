export { Buffers } from "./buffers.ts";
export { Remembered } from "./remembered.ts";
