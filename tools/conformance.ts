import { Command } from "commander";
import { allCases } from "./conformance/cases/index.ts";
import { judgeOurs } from "./conformance/ours.ts";
import { runCases, type UnderTest, type Verdict } from "./conformance/run-cases.ts";
import { explain, Failure } from "./kit/failure.ts";

/** `npm run conformance`: plays the provider against a manager, and says what it gets wrong. */

interface Options {
  readonly manager?: string;
  readonly secret?: string;
  readonly key?: string;
  readonly port: string;
  readonly command?: string;
  readonly webhookCommand?: string;
  readonly only?: string;
  readonly json?: boolean;
}

const program = new Command("npm run conformance --")
  .description(
    "Plays the provider of docs/protocol.md against a manager. Without options: against Belay's own, which has to pass, and three wrong ones, which have to be caught.\nThe application that the manager is to know: tools/conformance/application.yaml (VMs vm-1 and vm-2).",
  )
  .option("--command <command>", "starts a manager that connects to BELAY_URL with BELAY_KEY; {state} is its directory")
  .option(
    "--webhook-command <command>",
    "starts a manager that takes messages at 127.0.0.1:{port}, by BELAY_WEBHOOK_SECRET",
  )
  .option("--manager <url>", "a manager that runs already and takes messages at this address")
  .option("--secret <whsec_…>", "with --manager: what signs the messages to it")
  .option("--key <key>", "with --manager: the key that it sends to us")
  .option("--port <port>", "with --manager: where we take its answers", "4711")
  .option("--only <words>", "only cases whose name holds these words")
  .option("--json", "print the result as JSON");

function underTest(options: Options): UnderTest | undefined {
  const { command = null, webhookCommand = null, manager: url, secret, key } = options;
  if (url === undefined)
    return command === null && webhookCommand === null ? undefined : { command, webhookCommand, running: null };
  if (secret === undefined || key === undefined)
    throw new Failure(
      "With --manager also --secret and --key are needed.",
      "Say what signs our messages, and the key that the manager sends.",
    );
  return { command: null, webhookCommand: null, running: { url, secret, key, port: Number(options.port) } };
}

const print = ({ name, wrong }: Verdict) =>
  console.log(wrong === null ? `ok    ${name}` : `WRONG ${name}\n      ${wrong}.`);

try {
  const options = program.parse().opts<Options>();
  const under = underTest(options);
  const chosen = allCases.filter(({ name }) => name.includes(options.only ?? ""));
  const told = options.json ? () => {} : print;
  if (under === undefined) {
    const result = await judgeOurs(chosen, told, options.json ? () => {} : (line) => console.log(line));
    if (options.json) console.log(JSON.stringify(result, null, 2));
    process.exitCode = result.ok ? 0 : 1;
  } else {
    const cases = chosen.filter(({ by }) =>
      by === "webhook" ? under.webhookCommand !== null || under.running !== null : under.command !== null,
    );
    const verdicts = await runCases(cases, under, told);
    const failed = verdicts.filter(({ wrong }) => wrong !== null).length;
    if (options.json) console.log(JSON.stringify({ verdicts, passed: verdicts.length - failed, failed }, null, 2));
    else console.log(`${verdicts.length - failed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  }
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
