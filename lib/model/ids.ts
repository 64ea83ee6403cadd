/**
 * Every id is a string with its kind in front, `vm_01k9…`: a person who pastes one into a log or a chat says what it is.
 * The brand keeps a host's id out of a VM's place at compile time.
 */
declare const kind: unique symbol;
export type Id<K extends string> = string & { readonly [kind]: K };

export type AllocationId = Id<"alc">;
export type ApplicationId = Id<"app">;
export type AuditId = Id<"aud">;
export type CheckpointId = Id<"ckp">;
export type FenceDeviceId = Id<"fnc">;
export type HookId = Id<"hok">;
export type HostId = Id<"hst">;
export type ImageId = Id<"img">;
export type IncidentId = Id<"inc">;
export type IntentId = Id<"int">;
export type KeyId = Id<"key">;
export type MaintenanceId = Id<"mnt">;
export type MessageId = Id<"msg">;
export type OrganizationId = Id<"org">;
export type RepairId = Id<"rep">;
export type UserId = Id<"usr">;
export type VmId = Id<"vm">;

export const idKinds = [
  "alc",
  "app",
  "aud",
  "ckp",
  "fnc",
  "hok",
  "hst",
  "img",
  "inc",
  "int",
  "key",
  "mnt",
  "msg",
  "org",
  "rep",
  "usr",
  "vm",
] as const;
export type IdKind = (typeof idKinds)[number];

/** Makes ids of one kind. Production draws from time and randomness, tests from a seeded stream. */
export interface IdSource {
  next<K extends IdKind>(kind: K): Id<K>;
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u
const idPattern = /^([a-z]{2,3})_[0-9a-hjkmnp-tv-z]{20}$/;

const isId = <K extends IdKind>(kind: K, text: string): text is Id<K> => idPattern.exec(text)?.[1] === kind;

/** The id that `text` is, or undefined where it is not one of this kind. */
export const parseId = <K extends IdKind>(kind: K, text: string): Id<K> | undefined =>
  isId(kind, text) ? text : undefined;

/**
 * Ids that sort by time of birth: 10 characters of milliseconds, 10 of randomness (50 bits).
 * `random` returns a number in [0, 1), `nowMs` milliseconds since 1970.
 */
export function idSource(nowMs: () => number, random: () => number): IdSource {
  return {
    next(kind) {
      let text = "";
      for (let time = nowMs(), digit = 0; digit < 10; digit++, time = Math.floor(time / 32))
        text = (alphabet[time % 32] ?? "0") + text;
      for (let digit = 0; digit < 10; digit++) text += alphabet[Math.floor(random() * 32)] ?? "0";
      const id = `${kind}_${text}`;
      if (isId(kind, id)) return id;
      throw new Error(`not an id: ${id}`); // cannot happen while the pattern and the alphabet agree
    },
  };
}
