import { expect, test } from "vitest";
import { protocolSchemas } from "./schemas.ts";

/** `vitest run -u` writes it anew, so that a change of the protocol is seen by whoever reviews it. */
test("docs/protocol-schemas.json is what the code says", async () => {
  const written = `${JSON.stringify(protocolSchemas(), undefined, 1)}\n`;
  await expect(written).toMatchFileSnapshot("../../../docs/protocol-schemas.json");
});
