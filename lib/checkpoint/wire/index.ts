/** The words and frames between the engine and its agent on a host. */
export { Credit, creditFrames, creditStep } from "./credit.ts";
export { BrokenFrame, FrameReader } from "./frame.ts";
export { Link, LinkClosed, type LinkHandlers } from "./link.ts";
export {
  type Answer,
  type AnswerOf,
  answers,
  type Envelope,
  type Failure,
  holdMostMs,
  type Request,
  type RequestOf,
  readAnswer,
  readRequest,
  requests,
  wireVersion,
} from "./messages.ts";
export { decodePages, encodePages, pagesPerFrame, type SerialPages } from "./pages.ts";
