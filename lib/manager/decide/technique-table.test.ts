import { describe, expect, test } from "vitest";
import { type Situation, techniqueFor } from "./technique-table.ts";
import { described } from "./testing/world.ts";

const { alone } = described(
  "alone: { allow: [restart-server, replay-server, rebuild-vm, rebuild-many], restartsBeforeMore: 2 }",
);

/**
 * A stateful server of mode `customer` is down, and everything is allowed. By what both parties conclude, and whether others reach its VM:
 * what is done first, after two restarts, after the replay too, and after its VM was made anew.
 */
const table = `
concluded           | reached | first   | restarted | replayed | made anew
silent              | yes     | restart | -         | -        | -
silent              | no      | -       | -         | -        | -
nothing unsure      | yes     | restart | -         | -        | -
nothing unsure      | no      | -       | -         | -        | -
nothing likely      | yes     | restart | -         | -        | -
nothing likely      | no      | -       | -         | -        | -
nothing certain     | yes     | -       | -         | -        | -
nothing certain     | no      | -       | -         | -        | -
application unsure  | yes     | restart | -         | -        | -
application unsure  | no      | restart | -         | -        | -
application likely  | yes     | restart | replay    | rebuild  | -
application likely  | no      | restart | replay    | rebuild  | -
application certain | yes     | restart | replay    | rebuild  | -
application certain | no      | restart | replay    | rebuild  | -
vm unsure           | yes     | -       | -         | -        | -
vm unsure           | no      | -       | -         | -        | -
vm likely           | yes     | rebuild | rebuild   | rebuild  | -
vm likely           | no      | rebuild | rebuild   | rebuild  | -
vm certain          | yes     | rebuild | rebuild   | rebuild  | -
vm certain          | no      | rebuild | rebuild   | rebuild  | -
host unsure         | yes     | -       | -         | -        | -
host unsure         | no      | -       | -         | -        | -
host likely         | yes     | rebuild | rebuild   | rebuild  | -
host likely         | no      | rebuild | rebuild   | rebuild  | -
host certain        | yes     | rebuild | rebuild   | rebuild  | -
host certain        | no      | rebuild | rebuild   | rebuild  | -
`;

const columns: readonly Pick<Situation, "tried" | "restarts">[] = [
  { tried: [], restarts: 0 },
  { tried: ["restart-server", "restart-server"], restarts: 2 },
  { tried: ["restart-server", "restart-server", "replay-server"], restarts: 2 },
  { tried: ["restart-server", "restart-server", "replay-server", "rebuild-vm"], restarts: 2 },
];
const names = { restart: "restart-server", replay: "replay-server", rebuild: "rebuild-vm" } as const;
const nameOf = (short: string) => Object.entries(names).find(([name]) => name === short)?.[1] ?? short;

function conclusionOf(words: string): Situation["conclusion"] {
  const [what, how] = words.split(" ");
  const layer = (["application", "vm", "host"] as const).find((one) => one === what) ?? null;
  const certainty = (["unsure", "likely", "certain"] as const).find((one) => one === how);
  return certainty === undefined ? null : { layer, certainty, words: "" };
}

const views = {
  yes: ["by-all", "by-some", "unknown"],
  no: ["by-none"],
} as const;

const situation = (more: Partial<Situation>): Situation => ({
  ...{ conclusion: null, state: "stateful", tried: [], restarts: 0, waitedForProvider: false, alsoDead: [] },
  notMadeAnew: null,
  ...{ view: { reached: "by-all", processes: "some-dead", service: "fails" }, mode: "customer", alone },
  ...more,
});
const chosen = (it: Situation): string => {
  const choice = techniqueFor(it);
  return "wait" in choice ? "-" : choice.technique;
};

const rows = table
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split("|").map((cell) => cell.trim()));

test.each(rows)("concluded %s, reached %s: %s, %s, %s, %s", (concluded = "", reached = "", ...expected) => {
  for (const view of reached === "yes" ? views.yes : views.no) {
    const it = situation({
      conclusion: conclusionOf(concluded),
      view: { reached: view, processes: "some-dead", service: "fails" },
    });
    expect(columns.map((column) => chosen({ ...it, ...column }))).toEqual(expected.map(nameOf));
  }
});

describe("a VM that both take for dead", () => {
  const dead = situation({ conclusion: { layer: "vm", certainty: "certain", words: "" } });
  test.each([
    ["customer", false, [], "rebuild-vm"],
    ["customer", false, ["web"], "rebuild-many"],
    ["collaborative", false, ["web"], "-"],
    ["collaborative", true, [], "rebuild-vm"],
    ["provider", false, [], "-"],
    ["provider", true, ["web"], "rebuild-many"],
    [null, false, [], "-"],
  ] as const)(
    "in mode %s, the provider's turn over: %s, with %s: %s",
    (mode, waitedForProvider, alsoDead, expected) => {
      expect(chosen({ ...dead, mode, waitedForProvider, alsoDead })).toBe(expected);
    },
  );

  test("is left alone where the description does not allow more", () => {
    expect(chosen({ ...dead, alone: { ...alone, allow: ["restart-server", "replay-server"] } })).toBe("-");
  });
});

describe("a VM that was to be made anew", () => {
  const all = ["restart-server", "replay-server", "rebuild-vm"] as const;
  const refused = "db is not given back: its data are on that disk alone. A person has to decide.";
  const looks = /has not helped: a person has to look/;
  test.each([
    ["vm", null, looks],
    ["vm", refused, refused],
    ["application", null, looks],
    ["application", refused, refused],
  ] as const)("where the %s is to blame, and it was refused with %s", (layer, notMadeAnew, words) => {
    const conclusion = { layer, certainty: "certain", words: "" } as const;
    const it = situation({ conclusion, tried: all, restarts: 2, notMadeAnew });
    expect(techniqueFor(it)).toEqual({ wait: expect.stringMatching(words) });
  });
});

test("a stateless server has nothing to replay", () => {
  const conclusion = { layer: "application", certainty: "certain", words: "" } as const;
  expect(chosen(situation({ conclusion, state: "stateless", restarts: 2 }))).toBe("rebuild-vm");
});
