import { type Command, InvalidArgumentError } from "commander";
import { defaultLab } from "../index.ts";

export interface LabOption {
  lab: string;
}

/** A subcommand with the option that all have: --lab. */
export function labCommand(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option("--lab <name>", "which lab", defaultLab);
}

export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("a whole number, 1 or more, is wanted");
  return value;
}

/** A parser that lets only these words through. */
export function oneOf<const T extends string>(...values: T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found) return found;
    throw new InvalidArgumentError(`one of ${values.join(", ")} is wanted`);
  };
}

export const many = (text: string, before: string[]) => [...before, text];
