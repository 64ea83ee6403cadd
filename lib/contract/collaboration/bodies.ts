import { z } from "zod";
import { applicationId, imageId } from "../ids.ts";
import { fallbackNames, keyScopeNames } from "./views.ts";

/** What people and programs send about repairing together, over HTTP. */

const oneLine = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\0\r\n]*$/, { error: "must be one line" });

/** POST /api/v1/keys. A provider's admin makes them for nobody: a key is its own organization's. */
export const createKeyBody = z.object({
  name: oneLine(80),
  scopes: z.array(z.enum(keyScopeNames)).min(1).max(keyScopeNames.length),
});

/**
 * PUT /api/v1/endpoint. Its host is looked up, and every address of it must be allowed, when it is set and at each delivery. Set again as it is,
 * it keeps its secret, unless a new one is asked for.
 */
export const putEndpointBody = z.object({
  url: z.url({ protocol: /^https?$/, error: "must be an https:// address" }).max(1000),
  newSecret: z.boolean().default(false),
});

const hostPath = z
  .string()
  .max(1000)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\0\r\n]+)+$/, { error: "must be an absolute path" });

/** POST /api/v1/images, by providers. */
export const putImageBody = z.object({
  name: oneLine(80),
  words: oneLine(300),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "must be 64 hex digits" }),
  sizeBytes: z.int().min(1_048_576),
  path: hostPath,
  format: z.enum(["qcow2", "raw"]),
  boot: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("disk") }),
      z.object({
        kind: z.literal("kernel"),
        kernel: hostPath,
        initrd: hostPath,
        commandLine: z.string().max(2000),
      }),
    ])
    .default({ kind: "disk" }),
});

/** POST /api/v1/allocations: a VM with these features. `Idempotency-Key` makes it safe to send again. */
export const allocateBody = z.object({
  applicationId,
  imageId,
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: "must be a host name of small letters, digits and dashes",
  }),
  memoryMiB: z.int().min(64).max(1_048_576),
  vcpus: z.int().min(1).max(256).default(1),
  apart: oneLine(60).nullable().default(null),
  sshKeys: z
    .array(
      z
        .string()
        .max(2000)
        .regex(/^(ssh|ecdsa|sk)-[^\0\r\n]+$/, { error: "must be a line of authorized_keys" }),
    )
    .max(20),
});

/** Part of PATCH /api/v1/applications/:id. */
export const agreementBody = z
  .object({
    answerWithinMs: z.int().min(1000).max(86_400_000),
    finishWithinMs: z.int().min(1000).max(86_400_000),
    fallback: z.enum(fallbackNames),
  })
  .partial();
