import { request } from "node:http";
import type { Target } from "./targets.ts";

/** One HTTP request on a connection of its own. True when all of an answer that is no server's error came within the time. */
export function answers({ address, port }: Target, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({
      host: address,
      port,
      path: "/",
      agent: false, // a kept connection would hide that the server cannot be reached any more
      headers: { connection: "close", "user-agent": "belay-traffic" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    sent.on("error", () => resolve(false));
    sent.on("response", (response) => {
      response.resume();
      response.on("error", () => resolve(false));
      response.on("close", () => resolve(response.complete && (response.statusCode ?? 500) < 500));
    });
    sent.end();
  });
}
