import type { BelayGlobal } from "../../../lib/api/global.ts";

/** Every request under /api is answered by the server's own API (lib/api). Next only carries it. */
export const dynamic = "force-dynamic";

const starting = () =>
  Response.json(
    { error: { code: "not-available", message: "Belay is starting.", cure: "Try again in a few seconds." } },
    { status: 503, headers: { "retry-after": "2" } },
  );

const answer = async (request: Request): Promise<Response> => {
  const belay: BelayGlobal | undefined = globalThis.belay;
  return belay === undefined ? starting() : belay.fetch(request);
};

export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
};
