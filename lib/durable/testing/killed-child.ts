// A process that runs repairs, for a test that kills it: arguments are the database's URL and the repairs' ids. Each step notes in the
// table `journal` that it began and that it finished. Says "working" as soon as a step begins and, when every repair
// ended, "done".
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { WorkId } from "../../engine/ports.ts";
import { parseId } from "../../model/index.ts";
import { dbosRunner } from "../index.ts";

export const stepCount = 30;
const stepMs = 40;

if (import.meta.main) {
  const [databaseUrl = "", ...names] = process.argv.slice(2);
  const repairs = names.map((name) => parseId("rep", name)).filter((id) => id !== undefined);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5 });
  const note = (repair: WorkId, step: number, what: string) =>
    pool.query("INSERT INTO journal (repair, step, what, pid) VALUES ($1, $2, $3, $4)", [
      repair,
      step,
      what,
      process.pid,
    ]);

  const allEnded = Promise.withResolvers<void>();
  const ended = async () => {
    const { rowCount } = await pool.query("SELECT DISTINCT repair FROM journal WHERE step = $1 AND what = 'finished'", [
      stepCount + 1,
    ]);
    if (rowCount === repairs.length) allEnded.resolve();
  };

  let said = false;
  const working = () => {
    if (!said) console.log("working");
    said = true;
  };

  const print = (words: string) => process.stderr.write(`${words}\n`);
  const runner = dbosRunner({ databaseUrl, executorId: "killed", log: { info() {}, warn: print, error: print } });
  runner.register(async (repair, steps) => {
    let sum = 0;
    for (let step = 1; step <= stepCount; step++)
      sum += await steps.run(`step ${step}`, async () => {
        await note(repair, step, "begun");
        working();
        await sleep(stepMs);
        await note(repair, step, "finished");
        return step;
      });
    await steps.run("end", async () => {
      await note(repair, stepCount + 1, `sum ${sum}`);
      await note(repair, stepCount + 1, "finished");
      await ended();
    });
  });
  await runner.launch();
  for (const repair of repairs) await runner.start(repair);
  await ended();
  await allEnded.promise;
  console.log("done");
  await runner.close();
  await pool.end();
}
