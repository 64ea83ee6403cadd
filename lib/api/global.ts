import type { Viewer } from "../model/index.ts";

/**
 * What the server gives to the Next bundle. The two are separate module graphs in one process, so they meet on `globalThis`
 * and share nothing else: not a class, not a connection.
 */
export interface BelayGlobal {
  /** Answers everything under /api. Never throws. */
  fetch(request: Request): Promise<Response>;
  /** Who asks, by session cookie or operator's token; undefined for anybody else. `headers()` of Next fits. */
  viewerOf(headers: Headers): Promise<Viewer | undefined>;
  readonly simulated: boolean;
}

declare global {
  /** undefined while Next builds and until the server has started. */
  var belay: BelayGlobal | undefined;
}
