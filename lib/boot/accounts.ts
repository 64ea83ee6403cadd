import path from "node:path";
import { z } from "zod";
import { type Auth, ensurePerson, newPassword } from "../api/index.ts";
import type { Clock, Ids, ServiceStore } from "../engine/ports.ts";
import { type Organization, organizationRoles, type Viewer } from "../model/index.ts";
import { privateFile } from "./private-file.ts";

const account = z.object({
  organization: z.string(),
  role: z.enum(organizationRoles),
  name: z.string(),
  email: z.string(),
  /** As it was first made. A person may have changed theirs since. */
  password: z.string(),
});
export type Account = z.infer<typeof account>;

const accountsFile = z.object({ accounts: z.array(account) });

const administrator = {
  organization: "Provider",
  role: "provider",
  name: "Admin",
  email: "admin@belay.local",
} as const;
const demoCustomers = [
  { organization: "Aster", role: "customer", name: "Ada", email: "ada@aster.example" },
  { organization: "Birch", role: "customer", name: "Ben", email: "ben@birch.example" },
] as const;

/**
 * The provider's administrator, and for the demo two customers with a person each, as DATA/accounts.json says; the file is written
 * first, so that a crash in the middle leaves no person whose password nobody knows. What is there stays as it is: twice is once.
 */
export async function seedAccounts(options: {
  readonly dataDir: string;
  /** With the demo's customers, where nobody was made yet. */
  readonly demo: boolean;
  readonly store: Pick<ServiceStore, "organizations" | "createOrganization">;
  readonly auth: Auth;
  readonly ids: Ids;
  readonly clock: Pick<Clock, "now">;
}): Promise<readonly Account[]> {
  const { store, auth, ids, clock } = options;
  const file = path.join(options.dataDir, "accounts.json");
  const people = options.demo ? [administrator, ...demoCustomers] : [administrator];
  const made = () => ({ accounts: people.map((person) => ({ ...person, password: newPassword() })) });
  const text = await privateFile(file, () => `${JSON.stringify(made(), undefined, 2)}\n`);
  const { accounts } = accountsFile.parse(JSON.parse(text));

  const organizations = await store.organizations();
  const provider = organizations.find(({ role }) => role === "provider");
  const by: Viewer = {
    userId: null,
    name: "first start",
    organizationId: provider?.id ?? ids.next("org"),
    role: "provider",
  };
  const organizationOf = async ({ organization: name, role }: Account): Promise<Organization> => {
    const known = organizations.find((it) => (role === "provider" ? it.role === role : it.name === name));
    if (known !== undefined) return known;
    const id = role === "provider" ? by.organizationId : ids.next("org");
    const created = await store.createOrganization({ id, name, role }, by, clock.now());
    organizations.push(created);
    return created;
  };
  for (const person of accounts) {
    const { id: organizationId } = await organizationOf(person);
    await ensurePerson(auth, { ...person, organizationId });
  }
  return accounts;
}
