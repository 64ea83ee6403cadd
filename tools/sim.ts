import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { readScenario, tellStory } from "../lib/sim/index.ts";

const folder = join(import.meta.dirname, "..", "lib", "sim", "scenarios");

const list = async () =>
  (await readdir(folder, { withFileTypes: true }))
    .filter((it) => it.isDirectory())
    .map((it) => it.name)
    .sort();

/** `npm run sim` names the scenarios; `npm run sim -- NAME` plays one on a virtual clock and tells it. */
const program = new Command("sim")
  .description("Plays a scenario of the simulated cloud with the production engine, and tells what happened.")
  .argument("[scenario]", "its folder in lib/sim/scenarios; without one, all names are shown")
  .action(async (scenario: string | undefined) => {
    const names = await list();
    if (scenario === undefined) {
      console.log(names.join("\n"));
      return;
    }
    if (!names.includes(scenario))
      program.error(`There is no scenario ${scenario}. Choose one of: ${names.join(", ")}`);
    const { lines, broken } = await tellStory(await readScenario(folder, scenario));
    console.log(`SIMULATED: ${scenario}\n\n${lines.join("\n")}`);
    if (broken.length > 0) process.exitCode = 1;
  });

await program.parseAsync();
