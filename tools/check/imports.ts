import { parseAst } from "vitest/node";

/** One place where a file names another module. */
export interface ImportSite {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
}

export interface ParsedFile {
  readonly imports: readonly ImportSite[];
  /** Every text in quotes: commands and workers are named by their paths, not imported. */
  readonly texts: readonly string[];
  /** Names that the file does not declare as properties: `Date`, `Math.random`, `process`, … with their lines. */
  readonly names: readonly { readonly name: string; readonly line: number }[];
}

type Node = { readonly type: string; readonly start: number; readonly [key: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

const textOf = (value: unknown): string | undefined =>
  isNode(value) && value.type === "Literal" && typeof value.value === "string" ? value.value : undefined;

const cookedOf = ({ value }: Node): string =>
  typeof value === "object" && value !== null && "cooked" in value && typeof value.cooked === "string"
    ? value.cooked
    : "";

/** The module that a node names. `import type`, `export … from`, `import()` and `import("…").Name` count as much as a plain import. */
function specifierOf(node: Node): string | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return textOf(node.source);
    case "TSExternalModuleReference":
      return textOf(node.expression);
    case "CallExpression": {
      const called = isNode(node.callee) && node.callee.type === "Identifier" ? node.callee.name : undefined;
      return called === "require" && Array.isArray(node.arguments) ? textOf(node.arguments[0]) : undefined;
    }
    default:
      return undefined;
  }
}

/** `Math.random` for a member of a plain name, so that a rule can tell it from `Math.max`. */
function nameOf(node: Node): string | undefined {
  if (node.type === "Identifier" && typeof node.name === "string") return node.name;
  if (node.type !== "MemberExpression" || node.computed) return undefined;
  const [object, property] = [node.object, node.property];
  return isNode(object) && object.type === "Identifier" && isNode(property)
    ? `${object.name}.${property.name}`
    : undefined;
}

/** Throws with the file's name when the file cannot be parsed. Takes .ts, .tsx, .mjs and .js. */
export function parseFile(file: string, source: string): ParsedFile {
  const lang = file.endsWith(".tsx") ? "tsx" : file.endsWith(".ts") ? "ts" : "jsx";
  const program = ((): unknown => {
    try {
      return parseAst(source, { lang }, file);
    } catch (cause) {
      throw new Error(`${file} cannot be parsed`, { cause });
    }
  })();
  const imports: ImportSite[] = [];
  const texts: string[] = [];
  const names: { name: string; line: number }[] = [];
  const lineOf = lineFinder(source);

  const queue: unknown[] = [program];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (Array.isArray(value)) queue.push(...value);
    if (!isNode(value)) continue;
    const node = value;
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push({ specifier, line: lineOf(node.start) });
    const text = textOf(node);
    if (text !== undefined) texts.push(text);
    if (node.type === "TemplateElement") texts.push(cookedOf(node));
    const name = nameOf(node);
    if (name !== undefined) names.push({ name, line: lineOf(node.start) });
    for (const [key, child] of Object.entries(node)) {
      // `thing.Date`, `{ Date: 1 }` and `Date(): void` in a type name a property, not the global.
      const isLabel = !node.computed && (key === "property" || (key === "key" && !node.shorthand));
      if (typeof child === "object" && child !== null && !isLabel) queue.push(child);
    }
  }
  imports.sort((a, b) => a.line - b.line);
  return { imports, texts, names };
}

function lineFinder(source: string): (offset: number) => number {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    for (let high = starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
