import { Command } from "commander";
import { allCases } from "./conformance/cases/index.ts";
import { chooseCases, readPort } from "./conformance/choose.ts";
import { judgeOurs } from "./conformance/ours.ts";
import { casesFor, runCases, type UnderTest, type Verdict } from "./conformance/run-cases.ts";
import { explain, Failure } from "./kit/failure.ts";

/** `npm run conformance`: plays the provider against a manager, and says what it gets wrong. */

interface Options {
  readonly manager?: string;
  readonly secret?: string;
  readonly key?: string;
  readonly port: number;
  readonly command?: string;
  readonly webhookCommand?: string;
  readonly takeCommand?: string;
  readonly goBackCommand?: string;
  readonly only?: string;
  readonly json?: boolean;
}

const program = new Command("npm run conformance --")
  .description(
    "Plays the provider of docs/protocol.md against a manager. Without options: against Belay's own, which has to pass, and four wrong ones, which have to be caught.\nThe application that the manager is to know: tools/conformance/application.yaml (VMs vm-1 and vm-2).",
  )
  .option("--command <command>", "starts a manager that connects to BELAY_URL with BELAY_KEY; {state} is its directory")
  .option(
    "--webhook-command <command>",
    "starts a manager that takes messages at 127.0.0.1:{port}, by BELAY_WEBHOOK_SECRET",
  )
  .option("--take-command <command>", "has the state of {vm} saved now, and ends once it is")
  .option("--go-back-command <command>", "takes {vm} back to {saved} without asking, and ends once it is")
  .option("--manager <url>", "a manager that runs already and takes messages at this address")
  .option("--secret <whsec_…>", "with --manager: what signs the messages to it")
  .option("--key <key>", "with --manager: the key that it sends to us")
  .option("--port <port>", "with --manager: where we take its answers", readPort, 4711)
  .option("--only <words>", "only cases whose name holds these words")
  .option("--json", "print the result as JSON");

function underTest(options: Options): UnderTest | undefined {
  const { command = null, webhookCommand = null, takeCommand = null, goBackCommand = null } = options;
  const { manager: url, secret, key } = options;
  const started = { command, webhookCommand, takeCommand, goBackCommand };
  if (url === undefined)
    return Object.values(started).every((one) => one === null) ? undefined : { ...started, running: null };
  if (secret === undefined || key === undefined)
    throw new Failure(
      "With --manager also --secret and --key are needed.",
      "Say what signs our messages, and the key that the manager sends.",
    );
  return { ...started, command: null, webhookCommand: null, running: { url, secret, key, port: options.port } };
}

const print = ({ name, wrong }: Verdict) =>
  console.log(wrong === null ? `ok    ${name}` : `WRONG ${name}\n      ${wrong}.`);

try {
  const options = program.parse().opts<Options>();
  const under = underTest(options);
  const cases = chooseCases(allCases, options.only, (all) => (under === undefined ? all : casesFor(all, under)));
  const told = options.json ? () => {} : print;
  if (under === undefined) {
    const result = await judgeOurs(cases, told, options.json ? () => {} : (line) => console.log(line));
    if (options.json) console.log(JSON.stringify(result, null, 2));
    else if (result.ok)
      console.log("Next: a manager of your own  npm run conformance -- --command 'COMMAND --state {state}'");
    process.exitCode = result.ok ? 0 : 1;
  } else {
    const verdicts = await runCases(cases, under, told);
    const failed = verdicts.filter(({ wrong }) => wrong !== null).length;
    if (options.json) console.log(JSON.stringify({ verdicts, passed: verdicts.length - failed, failed }, null, 2));
    else {
      console.log(`${verdicts.length - failed} passed, ${failed} failed`);
      const wrong = verdicts.find((one) => one.wrong !== null)?.name;
      console.log(
        wrong === undefined
          ? "Next: let it speak to a Belay  docs/manager.md"
          : `Next: what it should do is in docs/protocol.md; that case again, with  --only '${wrong}'`,
      );
    }
    process.exitCode = failed === 0 ? 0 : 1;
  }
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
