import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { z } from "zod";
import { jointTable } from "../../model/index.ts";
import { restoreBesideBody, restoreCheckpointBody } from "../bodies.ts";
import { checkpointView } from "../checkpoint-views.ts";
import { intentAccepted, intentView } from "../replies.ts";
import { customerEvent, endpointTest, providerEvent } from "./envelope.ts";
import { managerCloseCodes, managerFrame, providerFrame, standingBody, standingReply } from "./frames.ts";
import { customerMessage, providerMessage } from "./messages.ts";

const page = await readFile(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
const examples: readonly unknown[] = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text]) =>
  JSON.parse(text ?? ""),
);

const schemas: Readonly<Record<string, z.ZodType>> = {
  ...{ providerEvent, customerEvent, endpointTest, managerFrame, providerFrame, standingBody, standingReply },
  ...{ checkpointView, restoreCheckpointBody, restoreBesideBody, intentView, intentAccepted },
};

test.each(examples.map((example) => [JSON.stringify(example).slice(0, 160), example]))(
  "%s… is as the schemas say",
  (_, example) => {
    const results = Object.values(schemas).map((schema) => schema.safeParse(example));
    const words = results.map(({ error }) => error?.issues[0]);
    expect(
      results.some(({ success }) => success),
      JSON.stringify(words),
    ).toBe(true);
  },
);

const literals = (
  options: readonly { readonly shape: { readonly kind: { readonly values: ReadonlySet<string> } } }[],
) => options.flatMap(({ shape }) => [...shape.kind.values]);

test("every kind of message and every code of a close is on the page", () => {
  for (const kind of [...literals(providerMessage.options), ...literals(customerMessage.options), "endpoint.test"])
    expect(page, kind).toContain(kind);
  for (const code of Object.values(managerCloseCodes)) expect(page).toContain(`| ${code} |`);
});

const either = (values: object): string =>
  Object.entries(values)
    .map(([field, of]) => `${field} ${Array.isArray(of) ? of.join(" or ") : of}`)
    .join("; ") || "whatever";

/** `vitest run -u` writes it anew. */
test("docs/joint-diagnosis.md is the table of the code", async () => {
  const rows = jointTable.map(
    ({ provider, customer, conclusion: { layer, certainty, words } }) =>
      `| ${either(provider)} | ${either(customer)} | ${layer ?? "nothing"}, ${certainty} | ${words} |`,
  );
  const text = [
    "# The joint diagnosis",
    "",
    "What follows when provider and customer lay together what each of them sees. The first row that fits both views is the conclusion. This page",
    "is written by a test from `lib/model/joint-diagnosis.ts`, which both sides run; [protocol.md](protocol.md) says how the two ask each other.",
    "",
    "`reached` is what the customer's sensors for the VM say that look from outside of it. They stand on at least two places that no one host",
    "carries, so that a host's death takes not all of them: VMs that the provider was asked to keep apart, or the manager. `by-none` takes two",
    "of them. The same holds for mirrors: their VMs are kept on different hosts, so that what is concluded of one leaves the other to serve",
    "([manager.md](manager.md)).",
    "",
    "| the provider sees | the customer's sensors say | the layer that failed | why |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  await expect(text).toMatchFileSnapshot("../../../docs/joint-diagnosis.md");
});
