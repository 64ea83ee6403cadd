import { type Case, type Kit, Wrong } from "../kit.ts";

const calls = ({ provider }: Kit) => provider.heard.flatMap((one) => (one.is === "called" ? [one.called] : []));
const keys = (kit: Kit) => new Set(calls(kit).map(({ key }) => key));

/** It asked once for each key, ended well, and not before the end of what it called for was there. */
async function ended(kit: Kit, call: "take" | "restore"): Promise<void> {
  const well = await kit.endedWell();
  if (!calls(kit).some((one) => one.call === call)) throw new Wrong(`It did not call for it: no \`${call}\` came`);
  if (!kit.provider.saved.endRead()) throw new Wrong("It ended before it knew how it went: 202 is no end");
  if (!well) throw new Wrong("It ended with a failure, and all went well");
  if (keys(kit).size !== 1) throw new Wrong(`It called under ${keys(kit).size} keys: each is another call`);
}

async function failed(kit: Kit, words: string): Promise<void> {
  if (await kit.endedWell()) throw new Wrong(words);
  if (calls(kit).length === 0) throw new Wrong("It did not call for it");
}

/** Saved states on call: a command of the manager's calls for one, over HTTP, and ends. */
export const calling: readonly Case[] = [
  {
    name: "take: has a state saved under one key, and ends once it is",
    by: "take",
    run: (kit) => ended(kit, "take"),
  },
  {
    name: "take: calls again under the same key where the provider could not take it",
    by: "take",
    async run(kit) {
      kit.provider.saved.busyTimes = 1;
      await ended(kit, "take");
      if (calls(kit).length < 2) throw new Wrong("It gave up at the first `not-available`");
    },
  },
  {
    name: "take: says that nothing was saved",
    by: "take",
    async run(kit) {
      kit.provider.saved.ok = false;
      await failed(kit, "It ended well, and the intent says that nothing was saved");
    },
  },
  {
    name: "go-back: confirms, and ends once the repair has",
    by: "go-back",
    run: (kit) => ended(kit, "restore"),
  },
  {
    name: "go-back: says that it was refused, and does not call again",
    by: "go-back",
    async run(kit) {
      kit.provider.saved.refusal = {
        ...{ status: 403, code: "not-allowed" },
        message: "Its owner declared that it must never go back to an older state.",
      };
      await failed(kit, "It ended well, and was refused");
      if (calls(kit).length > 1) throw new Wrong("It called again for what had been refused");
    },
  },
  {
    name: "go-back: says that it did not go back, though the call was accepted",
    by: "go-back",
    async run(kit) {
      kit.provider.saved.repaired = false;
      await failed(kit, "It ended well, and the repair was handed over");
    },
  },
];
