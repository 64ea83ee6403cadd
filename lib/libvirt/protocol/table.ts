import { type Codec, codecs } from "../xdr/codec.ts";
import type { Messages, Procedures } from "./generated/types.ts";
import source from "./table.json" with { type: "json" };

export type ProcedureName = keyof Procedures;
export type MessageName = keyof Messages;
export type ProgramName = "remote" | "qemu" | "keepalive";

/** One row of the protocol table. `name` is the key of `Procedures` or `Messages`. */
export interface Procedure {
  readonly name: string;
  readonly program: number;
  readonly version: number;
  readonly number: number;
  /** Absent: the procedure takes nothing, answers nothing, or is no event. */
  readonly args?: Codec;
  readonly ret?: Codec;
  readonly event?: Codec;
}

interface Row {
  readonly program: string;
  readonly number: number;
  readonly args?: string;
  readonly ret?: string;
  readonly event?: string;
}

export const limits: Readonly<Record<"messageBytes" | "headerBytes" | "streamPayloadBytes", number>> = source.limits;
export const programs: Readonly<Record<ProgramName, { readonly id: number; readonly version: number }>> =
  source.programs;

/** The codec of a named type of the table. */
export const codecOf = codecs(source);
/** The names of all structs and unions. */
export const structNames: readonly string[] = Object.keys(source.structs);
/** The table's types as text, for those who make values from them (tests). */
export const namedTypes: Parameters<typeof codecs>[0] = source;

const rows: Readonly<Record<string, Row>> = source.procedures;
const byName = new Map<string, Procedure>();
const byNumber = new Map<string, Procedure>();

for (const [name, row] of Object.entries(rows)) {
  const program = Object.entries(programs).find(([key]) => key === row.program)?.[1];
  if (!program) throw new Error(`protocol table: ${name} is of no known program`);
  const { args, ret, event } = row;
  const procedure: Procedure = {
    name,
    program: program.id,
    version: program.version,
    number: row.number,
    ...(args && { args: codecOf(args) }),
    ...(ret && { ret: codecOf(ret) }),
    ...(event && { event: codecOf(event) }),
  };
  byName.set(name, procedure);
  byNumber.set(`${program.id}.${row.number}`, procedure);
}

export function procedure(name: ProcedureName | MessageName): Procedure {
  const found = byName.get(name);
  if (!found) throw new Error(`protocol table: no procedure "${name}"`);
  return found;
}

export function procedureByNumber(program: number, number: number): Procedure | undefined {
  return byNumber.get(`${program}.${number}`);
}
