import { Command } from "commander";
import { explain } from "./kit/failure.ts";
import { clientOf } from "./operator/client.ts";
import { type AddPersonOptions, addPerson, listPeople, newPasswordFor, type PeopleIo } from "./people/commands.ts";

/** `npm run people`: who may sign in to the running server. */

const io: PeopleIo = { client: clientOf(process.env), print: (line) => console.log(line) };

const program = new Command("npm run people --").description("Who may sign in. The server must be running.");
program
  .command("add <email>")
  .description("one more administrator of the provider, or with --customer a person of that customer")
  .requiredOption("--name <name>", "how the pages call them")
  .option("--customer <organization>", "whose person it is")
  .option("--new", "the customer is a new one, and is made")
  .action((email: string, options: AddPersonOptions) => addPerson(io, email, options));
program
  .command("list")
  .description("who may sign in, and for whom")
  .action(() => listPeople(io));
program
  .command("password <email>")
  .description("give a person a new password, which is printed once; it ends their sessions")
  .action((email: string) => newPasswordFor(io, email));

try {
  await program.parseAsync();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
