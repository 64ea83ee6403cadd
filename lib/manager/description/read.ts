import { isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { checkDescription } from "./check.ts";
import { dataAtRisk } from "./data.ts";
import { type Fault, type FaultAt, fieldOf } from "./fault.ts";
import { faultsOf } from "./issues.ts";
import { type Description, descriptionSchema } from "./schema.ts";

export type ReadResult =
  | {
      readonly ok: true;
      readonly description: Description;
      /** Where in the file a fault is that was found later, as a file that is not there. */
      readonly placed: (fault: FaultAt) => Fault;
      /** What may be so, and is better known. */
      readonly warnings: readonly Fault[];
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** A description as people wrote it. All that is wrong is said at once, in the order of the file. */
export function readDescription(text: string): ReadResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0)
    return {
      ok: false,
      faults: document.errors.map((error) => ({
        line: error.linePos?.[0].line ?? 1,
        column: error.linePos?.[0].col ?? 1,
        field: "",
        message: `${error.message.split("\n")[0]?.replace(/ at line \d+.*$/, "")}.`,
        cure: "Correct the YAML: blocks are made by indentation with spaces, and a field is `name: value`.",
      })),
    };

  const placed = ({ path, key, message, cure }: FaultAt): Fault => {
    const at = lines.linePos(offsetOf(document.contents, path, key));
    return { line: at.line, column: at.col, field: fieldOf(key === undefined ? path : [...path, key]), message, cure };
  };
  const fail = (faults: readonly FaultAt[]): ReadResult => ({
    ok: false,
    faults: faults.map(placed).sort((a, b) => a.line - b.line || a.column - b.column),
  });

  const input: unknown = document.toJS() ?? {};
  const parsed = descriptionSchema.safeParse(input);
  if (!parsed.success) return fail(faultsOf(parsed.error.issues, input));
  const wrong = checkDescription(parsed.data);
  if (wrong.length > 0) return fail(wrong);
  return { ok: true, description: parsed.data, placed, warnings: dataAtRisk(parsed.data).map(placed) };
}

/** Where the value at `path` begins; of what is missing, the block that it is missing from. */
function offsetOf(root: Node | null, path: FaultAt["path"], key: string | undefined): number {
  let here = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of path) {
    const next = here && "get" in here ? here.get(part, true) : undefined;
    if (!isNode(next)) return offset;
    here = next;
    offset = next.range?.[0] ?? offset;
  }
  if (key === undefined || !isMap(here)) return offset;
  const pair = here.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
  return (pair && isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
}
