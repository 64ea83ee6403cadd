import { z } from "zod";

/** The small parts of a description. */

const nameForm = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const nameError = { error: "must be of small letters, digits and dashes" };

export const serverName = z.string().regex(nameForm, nameError);
export const vmName = z.string().regex(nameForm, nameError);
export const secretName = z.string().regex(nameForm, nameError);
export const archiveName = z.string().regex(nameForm, nameError);
export const imageName = z.string().regex(nameForm, nameError);

export const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\0\r\n]*$/, { error: "must be one line" });

/** On the VM. */
export const path = z
  .string()
  .max(1000)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\0\r\n]+)+$/, { error: "must be an absolute path, without . and .." });

/** On this machine, seen from the description's directory. */
export const localFile = z.string().min(1).max(1000);
export const shell = z.string().min(1).max(20_000);
export const port = z.int().min(1).max(65535);
export const seconds = z.number().min(0.1).max(86_400);
export const fileMode = z.string().regex(/^0?[0-7]{3}$/, { error: 'must be like "0644"' });
