import type { z } from "zod";
import type { FaultAt, FieldPath } from "./fault.ts";
import { knownFields, nearest } from "./known-fields.ts";

type Issue = z.core.$ZodIssue;

const pathOf = (issue: Issue): FieldPath => issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));

const valueAt = (value: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );

const listed = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).join(", ");

/** What zod found wrong, in words of ours. `input` is what was written. */
export function faultsOf(issues: readonly Issue[], input: unknown): readonly FaultAt[] {
  return issues.flatMap((issue) => faultsOfOne(issue, input));
}

function faultsOfOne(issue: Issue, input: unknown): readonly FaultAt[] {
  const path = pathOf(issue);
  const known = knownFields(path, input);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const meant = nearest(key, known);
        return {
          path,
          key,
          message: `there is no field "${key}" here.`,
          cure: meant ? `Write "${meant}".` : `Remove it, or use one of ${known.join(", ")}.`,
        };
      });
    case "invalid_type": {
      if (valueAt(input, path) !== undefined)
        return [{ path, message: `must be ${kindWords(issue.expected)}.`, cure: cureOfType(issue.expected) }];
      const name = path.at(-1);
      return [{ path, message: "is missing.", cure: `Add a line "${name}: …".` }];
    }
    case "invalid_union": {
      if (issue.discriminator !== undefined)
        return [
          {
            path: [...path.slice(0, path.at(-1) === issue.discriminator ? -1 : undefined), issue.discriminator],
            message: "is missing or not known.",
            cure: `Write one of ${kindsOf(path)}.`,
          },
        ];
      return [{ path, message: "has none of the forms that are known.", cure: "See docs/manager.md." }];
    }
    case "invalid_value":
      return [
        valueAt(input, path) === undefined
          ? { path, message: "is missing.", cure: `Write one of ${listed(issue.values)}.` }
          : { path, message: "is not one of the known words.", cure: `Write one of ${listed(issue.values)}.` },
      ];
    case "invalid_key":
      return [
        {
          path,
          message: "is no name.",
          cure: "Names are of small letters, digits and dashes, and begin with a letter.",
        },
      ];
    case "too_small":
      return [{ path, message: `is too small or short: at least ${issue.minimum}.`, cure: "Write more." }];
    case "too_big":
      return [{ path, message: `is too large or long: at most ${issue.maximum}.`, cure: "Write less." }];
    default:
      return [{ path, message: `${issue.message}.`.replace(/\.\.$/, "."), cure: "Write it in that form." }];
  }
}

const kindsOf = (path: FieldPath): string =>
  path[0] === "servers" ? "httpd, haproxy, mariadb, php, command" : "process, tcp, http, sql, command";

const kindWords = (expected: string): string =>
  ({
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a block of fields",
    record: "a block of names",
  })[expected] ?? expected;

const cureOfType = (expected: string): string =>
  ({
    string: "Put it in quotes where it looks like a number.",
    number: "Write the digits alone.",
    int: "Write the digits alone.",
    array: 'Begin each of its lines with "- ".',
    boolean: "Write true or false.",
  })[expected] ?? "Write its fields below it, two spaces to the right.";
