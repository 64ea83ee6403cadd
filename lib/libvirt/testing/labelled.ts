/** Bytes of the wire, field by field: `labelled(["length", "0000001c"], …)`. The labels are for the reader. */
export function labelled(...fields: readonly (readonly [label: string, hex: string])[]): Buffer {
  return Buffer.from(fields.map(([, hex]) => hex.replaceAll(" ", "")).join(""), "hex");
}
