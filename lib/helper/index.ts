export { bundleOf, type HelperBundle, helperBundle } from "./bundle.ts";
export { findNode, oldestNode, placeFile } from "./host-scripts.ts";
export { helperDir, socketPath } from "./places.ts";
export {
  type FromHelper,
  fromHelper,
  LineReader,
  lineOf,
  maxLineBytes,
  type Report,
  type ToHelper,
  toHelper,
  wireVersion,
} from "./wire.ts";
