import { Command, InvalidArgumentError } from "commander";
import { readScenario, tellStory } from "../lib/sim/index.ts";
import { explain, Failure } from "./kit/failure.ts";
import { playRandomSchedules, type RandomOptions } from "./sim/random.ts";
import { scenarioFolder, scenarioNames } from "./sim/scenarios.ts";

/** `npm run sim`: the production engine on the simulated cloud and a virtual clock. */

const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("A whole number is wanted.");
};

async function list(): Promise<void> {
  for (const name of await scenarioNames()) console.log(name);
  console.log("\nNext: hear one told  npm run sim -- NAME\n      or play random ones  npm run sim -- random");
}

async function tell(name: string): Promise<void> {
  if (!(await scenarioNames()).includes(name))
    throw new Failure(`there is no scenario ${name}`, "npm run sim -- list  names them all");
  const { lines, broken } = await tellStory(await readScenario(scenarioFolder, name));
  console.log(`SIMULATED: ${name}\n\n${lines.join("\n")}`);
  console.log(`\nNext: what it is about  lib/sim/scenarios/${name}/README.md; others  npm run sim -- list`);
  if (broken.length > 0) process.exitCode = 1;
}

const program = new Command("npm run sim --")
  .description("Plays the simulated cloud with the production engine, and tells what happened.")
  .argument("[scenario]", "its folder in lib/sim/scenarios; without one, all names are shown")
  .action((name: string | undefined) => (name === undefined ? list() : tell(name)));
program.command("list").description("the scenarios' names").action(list);
program
  .command("random")
  .description("random schedules of faults, until one breaks an invariant: that one is shrunk to a scenario")
  .option("--seed <number>", "the same seed is the same campaign; by default another one each time", wholeNumber)
  .option("--steps <number>", "how many steps: faults, losses, deaths and deeds that took place", wholeNumber, 100_000)
  .option("--schedule <seed>", "only this schedule, by the seed that a campaign named", wholeNumber)
  .option("--save <name>", "write what was found to lib/sim/scenarios/NAME")
  .option("--json", "the result as one line")
  .option("--go-on", "count what is broken instead of stopping at the first")
  .option("--part <number>", "of several processes that share the campaign, this one's number from 0", wholeNumber)
  .option("--of <number>", "how many processes share the campaign", wholeNumber)
  .action(async ({ seed = Date.now() % 1_000_000, ...rest }: Partial<RandomOptions> & { steps: number }) => {
    const output = { print: (line: string) => console.log(line), tell: (line: string) => console.error(line) };
    if (!(await playRandomSchedules({ seed, ...rest }, output))) process.exitCode = 1;
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
