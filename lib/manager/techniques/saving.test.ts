import { expect, test } from "vitest";
import { descriptionSchema } from "../description/index.ts";
import { sayingHands } from "../finish/testing/shop.ts";
import { memoryJournal } from "../journal/index.ts";
import type { HandsContext } from "../servers.ts";
import { record } from "./record.ts";

const description = descriptionSchema.parse({
  application: { name: "ledger" },
  images: { system: "bare" },
  vms: [{ name: "vm", image: "system", memoryMiB: 128 }],
  servers: [
    { name: "book", kind: "command", vm: "vm", state: "stateful", options: { save: "cat", restore: "cat" } },
    { name: "page", kind: "command", vm: "vm" },
  ],
  alone: { saveEverySeconds: 0.1 },
});

const contextOf = (log: (words: string) => void): HandsContext => ({
  ...{ description, directory: "", stateDir: "", notes: memoryJournal(), secretOf: () => "", log },
  addresses: { of: () => undefined, generationOf: () => 1 },
  ssh: { user: "root", port: 22, privateKey: "" },
});

test("a server with save and restore is saved again and again, and no other; ends when told to", async () => {
  const end = new AbortController();
  const did: string[] = [];
  const hands = sayingHands(
    (what) => {
      did.push(what);
      if (did.length === 3) end.abort();
    },
    new Set(["book"]),
  );
  await record({ ...contextOf(() => {}), hands }, end.signal);
  expect(did).toEqual(["save book", "save book", "save book"]);
});

test("one that does not work is not saved, and that is said once", async () => {
  const end = new AbortController();
  const said: string[] = [];
  let looks = 0;
  const hands = {
    ...sayingHands(() => expect.unreachable("it was saved")),
    async health() {
      looks++;
      if (looks === 3) end.abort();
      return { ok: false, words: "It is down." };
    },
  };
  await record({ ...contextOf((words) => said.push(words)), hands }, end.signal);
  expect(said).toEqual(["book could not be saved: It is down."]);
});
