import { organizationList, organizationView, peopleList, personWithPassword } from "../../lib/contract/index.ts";
import { Failure } from "../kit/failure.ts";
import type { OperatorClient } from "../operator/client.ts";

export interface PeopleIo {
  readonly client: OperatorClient;
  print(line: string): void;
}

export interface AddPersonOptions {
  readonly name: string;
  /** Of the provider, where none is named. */
  readonly customer?: string | undefined;
  /** The customer is made, if there is none of that name. */
  readonly new?: boolean | undefined;
}

const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** A name that nobody has is more often mistyped than new. */
async function customerNamed({ client, print }: PeopleIo, name: string, mayBeNew: boolean) {
  const { organizations } = await client.ask("GET", "/organizations", organizationList);
  const customers = organizations.filter(({ role }) => role === "customer");
  const known = customers.find((one) => one.id === name || sameName(one.name, name));
  if (known !== undefined) return known;
  if (!mayBeNew) {
    const there =
      customers.length === 0 ? "There is none yet" : `There are: ${customers.map((it) => it.name).join(", ")}`;
    throw new Failure(`No customer is called ${name}.`, `${there}. With --new it is made.`);
  }
  const made = await client.ask("POST", "/organizations", organizationView, { name });
  print(`${made.name} is a customer from now on.`);
  return made;
}

const signIn = (client: OperatorClient, email: string, password: string) => [
  `  ${email}   ${password}`,
  "The password is told only this once. Who has it signs in with it, and can change it in the menu of their account.",
  `Next: sign in at ${client.url}, or see who there is:  npm run people -- list`,
];

export async function addPerson(io: PeopleIo, email: string, options: AddPersonOptions): Promise<void> {
  const { client, print } = io;
  const { name, customer } = options;
  if (customer === undefined && options.new)
    throw new Failure("--new makes a customer, and none is named.", "Name it: --customer ORGANIZATION --new");
  const owner = customer === undefined ? undefined : await customerNamed(io, customer, options.new === true);
  const body = { email, name, ...(owner && { organizationId: owner.id }) };
  const { person, password } = await client.ask("POST", "/people", personWithPassword, body);
  print(
    `${person.name} may sign in, as ${person.role === "provider" ? "an administrator" : "a person"} of ${person.organization}:`,
  );
  for (const line of signIn(client, person.email, password)) print(line);
}

export async function listPeople({ client, print }: PeopleIo): Promise<void> {
  const { people } = await client.ask("GET", "/people", peopleList);
  const rows = people.map(({ email, name, organization, role }) => [email, name, `${organization} (${role})`]);
  const width = (column: number) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  for (const [email = "", name = "", whose = ""] of rows)
    print(`  ${email.padEnd(width(0))}   ${name.padEnd(width(1))}   ${whose}`);
  print("Next: one more  npm run people -- add EMAIL --name NAME --customer ORGANIZATION");
}

export async function newPasswordFor({ client, print }: PeopleIo, email: string): Promise<void> {
  const { person, password } = await client.ask("POST", "/people/password", personWithPassword, { email });
  print(`${person.name} of ${person.organization} has a new password, and is signed out everywhere:`);
  for (const line of signIn(client, person.email, password)) print(line);
}
