import { describe, expect, test } from "vitest";
import { type HostId, type HostStanding, idSource } from "../../model/index.ts";
import { diagnoseHosts, type HostObservation } from "./diagnose-hosts.ts";
import type { PeerRound } from "./quorum.ts";

const now = 100_000;
const ids = idSource(
  () => 0,
  (() => {
    let n = 0;
    return () => (n = (n + 0.137) % 1);
  })(),
);
const peer = ids.next("hst");

type Says = "yes" | "no" | "away";
const round = (said: readonly Says[], endedAt = now): PeerRound => ({
  askedAt: endedAt - 700,
  endedAt,
  answers: said.map((it, i) => ({
    peer,
    name: `peer-${i}`,
    reached: it === "away" ? undefined : it === "yes",
  })),
});

type Ssh = "unasked" | "silent" | "answers" | "came back";
interface Sketch {
  readonly silentMs?: number;
  readonly rounds?: readonly (readonly Says[])[];
  readonly ssh?: Ssh;
  readonly standing?: HostStanding;
  readonly everHeard?: boolean;
}

function hostOf(sketch: Sketch, index: number): HostObservation {
  const { silentMs = 100, rounds = [], ssh = silentMs > 1_300 ? "silent" : "unasked" } = sketch;
  const health = silentMs >= 2_500 ? "red" : silentMs >= 1_300 ? "yellow" : "green";
  return {
    id: ids.next("hst"),
    name: `host-${index + 1}`,
    standing: sketch.standing ?? "in-use",
    silence: { health, phi: silentMs / 100, silentMs },
    everHeard: sketch.everHeard ?? true,
    rounds: rounds.map((said) => round(said)),
    ssh:
      ssh === "unasked"
        ? undefined
        : { at: now, answers: ssh !== "silent", since: now - silentMs + 1_400, wasSilent: ssh === "came back" },
  };
}

/** The verdicts on these hosts, in their order. */
function verdicts(sketches: readonly Sketch[]): string[] {
  const hosts = sketches.map(hostOf);
  const found = diagnoseHosts(hosts, now);
  return hosts.map(({ id }: { readonly id: HostId }) => found.get(id)?.kind ?? "none");
}

const well: Sketch = {};
const gone: Sketch = { silentMs: 3_000, rounds: [["no"], ["no"]] };
const unseen: Sketch = { silentMs: 20_000, rounds: [["yes"], ["yes"]] };
const unknown: Sketch = { silentMs: 20_000 };

describe("what the verdicts are", () => {
  const table: [string, Sketch[], string[]][] = [
    ["all are heard of", [well, well, well], ["well", "well", "well"]],
    ["one host of one, silent", [{ silentMs: 5_000 }], ["watch"]],
    ["one host of one, silent for long: never dead by itself", [unknown], ["isolated"]],
    ["one host of one, and its SSH answers", [{ silentMs: 8_000, ssh: "answers" }], ["libvirtd-dead"]],
    ["one of two is dead: its peer is a quorum of one", [well, gone], ["well", "dead"]],
    ["one of two, and the other reaches it", [well, unseen], ["well", "isolated"]],
    ["one of two, and the other cannot be asked", [well, { ...unknown, rounds: [["away"]] }], ["well", "isolated"]],
    ["two of two are silent: it is us", [unknown, unknown], ["we-are-cut-off", "we-are-cut-off"]],
    ["two of two are silent, for a moment", [gone, gone], ["watch", "watch"]],
    ["one of three is dead", [well, well, gone], ["well", "well", "dead"]],
    ["one of three is cut off from us alone", [well, well, unseen], ["well", "well", "isolated"]],
    [
      "two of three are silent: it is us, whatever the third says",
      [well, { ...gone, silentMs: 12_000 }, { ...gone, silentMs: 12_000 }],
      ["well", "we-are-cut-off", "we-are-cut-off"],
    ],
    ["three of three are silent", [unknown, unknown, unknown], Array(3).fill("we-are-cut-off")],
    ["two of four may be dead", [well, well, gone, gone], ["well", "well", "dead", "dead"]],
    [
      "a host that was proven off does not count: of the other two one is dead",
      [well, { silentMs: 90_000, standing: "fenced", rounds: [["no"], ["no"]] }, gone],
      ["well", "dead", "dead"],
    ],
    [
      "hosts in maintenance do not count",
      [well, well, { ...unseen, standing: "maintenance" }, { ...unseen, standing: "maintenance" }],
      ["well", "well", "isolated", "isolated"],
    ],
    [
      "never heard of since our start: not seen, so we may be cut off",
      [{ everHeard: false }, gone],
      ["watch", "watch"],
    ],
  ];
  test.each(table)("%s", (_, sketches, expected) => {
    expect(verdicts(sketches)).toEqual(expected);
  });
});

describe("of one silent host among five", () => {
  const among = (sketch: Sketch) => verdicts([well, well, well, well, sketch])[4];
  const table: [string, Sketch, string][] = [
    ["overdue", { silentMs: 1_500 }, "watch"],
    ["silent, and asked once", { silentMs: 2_600, rounds: [["no", "no", "no"]] }, "watch"],
    [
      "silent, and asked twice",
      {
        silentMs: 2_600,
        rounds: [
          ["no", "no"],
          ["no", "no"],
        ],
      },
      "dead",
    ],
    ["its SSH was not asked yet", { ...gone, ssh: "unasked" }, "watch"],
    [
      "half of the peers answer",
      {
        silentMs: 3_000,
        rounds: [
          ["no", "away"],
          ["no", "away"],
        ],
      },
      "dead",
    ],
    [
      "fewer than half answer",
      {
        silentMs: 3_000,
        rounds: [
          ["no", "away", "away"],
          ["no", "away", "away"],
        ],
      },
      "watch",
    ],
    ["no quorum, for long", { silentMs: 11_000, rounds: [["away"], ["away"]] }, "isolated"],
    [
      "one of many peers reaches it",
      {
        silentMs: 6_000,
        rounds: [
          ["no", "yes"],
          ["no", "no", "yes"],
        ],
      },
      "isolated",
    ],
    [
      "a peer reached it in the round before",
      {
        silentMs: 3_000,
        rounds: [
          ["yes", "no"],
          ["no", "no"],
        ],
      },
      "watch",
    ],
    ["no peer reaches it, and its SSH answers", { ...gone, silentMs: 8_000, ssh: "answers" }, "libvirtd-dead"],
    ["its SSH answers, and systemd gets its time", { silentMs: 4_000, ssh: "answers" }, "watch"],
    ["it comes back: sshd is there before libvirtd", { silentMs: 20_000, ssh: "came back" }, "watch"],
    ["it came back long ago, without libvirtd", { silentMs: 60_000, ssh: "came back" }, "libvirtd-dead"],
  ];
  test.each(table)("%s", (_, sketch, expected) => expect(among(sketch)).toBe(expected));

  test("a verdict has its evidence in sentences, for the provider alone", () => {
    const [host] = [
      hostOf(
        {
          silentMs: 3_000,
          rounds: [
            ["no", "away"],
            ["no", "no"],
          ],
        },
        4,
      ),
    ];
    const others = [well, well].map(hostOf);
    const verdict = host && diagnoseHosts([...others, host], now).get(host.id);
    expect(verdict).toMatchObject({ kind: "dead", certainty: "certain" });
    if (verdict === undefined || !("evidence" in verdict)) throw new Error("no evidence");
    expect(verdict.evidence.map((it) => it.words)).toEqual([
      "Nothing came from host-5 for 3.0 s.",
      "Not reached from peer-0.",
      "peer-1 could not be asked.",
      "Not reached from peer-0 and peer-1.",
      "SSH does not answer.",
    ]);
    expect(verdict.evidence.every((it) => it.audience === "provider")).toBe(true);
  });
});
