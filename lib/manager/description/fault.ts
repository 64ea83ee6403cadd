/** Something wrong in a description, where it is and what to do. Lines and columns count from 1. */
export interface Fault {
  readonly line: number;
  readonly column: number;
  /** As `servers[2].port`; empty for the file as a whole. */
  readonly field: string;
  readonly message: string;
  readonly cure: string;
}

export type FieldPath = readonly (string | number)[];

/** Before its place in the file is known. */
export interface FaultAt {
  readonly path: FieldPath;
  readonly message: string;
  readonly cure: string;
  /** The name of the field is meant, not its value. */
  readonly key?: string;
}

export const fieldOf = (path: FieldPath): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");

export const faultLines = (file: string, fault: Fault): string =>
  `${file}:${fault.line}:${fault.column}: ${fault.field === "" ? "" : `${fault.field}: `}${fault.message}\n  cure: ${fault.cure}`;
