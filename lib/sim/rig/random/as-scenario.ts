import { diskLocksOf, randomEngine, randomHosts } from "./cloud.ts";
import type { Played } from "./play.ts";

/** The files of a scenario's folder that tells what a schedule broke. Its `expected.log` is written once Belay is right. */
export function asScenario(played: Played, seed: number): Record<"README.md" | "cloud.json" | "script.json", string> {
  const [first] = played.broken;
  const inTheEnd = played.broken.every(({ words }) => words.startsWith("In the end"));
  const end = inTheEnd ? played.untilMs : Math.max(...played.broken.map(({ atMs }) => atMs)) + 2000;
  const script = played.script.filter(({ atMs }) => atMs < end).map(({ atMs, action }) => ({ atMs, ...action }));
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "README.md": `# Found by a random schedule\n\nSeed ${seed} broke this: ${first?.words}\nSay here what happens, and what must be seen.\n`,
    "cloud.json": json({ diskLocks: diskLocksOf(seed), hosts: randomHosts }),
    "script.json": json({ untilMs: end, seed, database: "drawn", engine: randomEngine, script }),
  };
}
