import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import {
  type ConversationMessageView,
  conversationList,
  type createKeyBody,
  type EndpointView,
  endpointReply,
  endpointTested,
  type ImageView,
  imageView,
  type KeyView,
  keyList,
  newEndpointReply,
  newKeyReply,
  type putEndpointBody,
  type putImageBody,
} from "../contract/index.ts";
import type { ImageId, IncidentId, KeyId } from "../model/index.ts";
import { call, orThrow, type Result } from "./call.ts";

/** What pages ask about repairing together, one function each. */

const api = (path: string) => `/api/v1${path}`;
const nothing = z.null();

/** Of an incident; without one the organization's own thread. */
export const conversationQuery = (incident: IncidentId | null) =>
  queryOptions({
    queryKey: ["conversation", incident],
    queryFn: async ({ signal }): Promise<readonly ConversationMessageView[]> => {
      const path = incident === null ? "/conversation" : `/incidents/${incident}/conversation`;
      return (await orThrow(call(api(path), { reply: conversationList, signal }))).messages;
    },
  });

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async ({ signal }): Promise<readonly KeyView[]> =>
    (await orThrow(call(api("/keys"), { reply: keyList, signal }))).keys,
});

/** The secret is told this once. */
export const createKey = (
  body: z.input<typeof createKeyBody>,
): Promise<Result<{ readonly key: KeyView; readonly secret: string }>> =>
  call(api("/keys"), { method: "POST", body, reply: newKeyReply });

export const revokeKey = (id: KeyId): Promise<Result<null>> =>
  call(api(`/keys/${id}`), { method: "DELETE", reply: nothing });

export const endpointQuery = queryOptions({
  queryKey: ["endpoint"],
  queryFn: async ({ signal }): Promise<EndpointView | null> =>
    (await orThrow(call(api("/endpoint"), { reply: endpointReply, signal }))).endpoint,
});

/** The secret is told this once; null: it is the one that was told before. */
export const putEndpoint = (
  body: z.input<typeof putEndpointBody>,
): Promise<Result<{ readonly endpoint: EndpointView; readonly secret: string | null }>> =>
  call(api("/endpoint"), { method: "PUT", body, reply: newEndpointReply });

export const removeEndpoint = (): Promise<Result<null>> => call(api("/endpoint"), { method: "DELETE", reply: nothing });

/** Sends it a signed message that means nothing, and says what came of it. */
export const testEndpoint = (): Promise<Result<{ readonly ok: boolean; readonly words: string }>> =>
  call(api("/endpoint/test"), { method: "POST", reply: endpointTested, timeoutMs: 30_000 });

export const putImage = (id: ImageId | undefined, body: z.input<typeof putImageBody>): Promise<Result<ImageView>> =>
  id === undefined
    ? call(api("/images"), { method: "POST", body, reply: imageView })
    : call(api(`/images/${id}`), { method: "PUT", body, reply: imageView });

export const removeImage = (id: ImageId): Promise<Result<null>> =>
  call(api(`/images/${id}`), { method: "DELETE", reply: nothing });
