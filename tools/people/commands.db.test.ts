import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { originsOf } from "../../lib/api/index.ts";
import { operatorToken, testApi } from "../../lib/api/testing.ts";
import { explain } from "../kit/failure.ts";
import { operatorClient } from "../operator/client.ts";
import { addPerson, listPeople, newPasswordFor, type PeopleIo } from "./commands.ts";

/** The commands against the real API on a real database. */

let api: Awaited<ReturnType<typeof testApi>>;
let printed: string[] = [];
let io: PeopleIo;
const [url = ""] = originsOf({ host: "127.0.0.1", port: 3000 });

beforeAll(async () => {
  api = await testApi();
  const client = operatorClient({ url, token: async () => operatorToken, fetch: (request) => api.fetch(request) });
  io = { client, print: (line) => printed.push(line) };
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  printed = [];
});

const text = () => printed.join("\n");
const words = (promise: Promise<void>) => promise.then(() => "no error", explain);
async function audited(subject: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: api.cloud.databaseUrl });
  await client.connect();
  try {
    const asked = "SELECT to_jsonb(a) AS deed FROM audit a WHERE subject = $1";
    return (await client.query<{ deed: unknown }>(asked, [subject])).rows.map(({ deed }) => deed);
  } finally {
    await client.end();
  }
}
/** The one password that was printed. */
const told = () => /\S+@\S+ {3}(\S+)/.exec(text())?.[1] ?? "";

test("a person of a customer is added, signs in with what was printed, and is in the list", async () => {
  await addPerson(io, "Cleo@example.test", { name: "Cleo", customer: "aster" });
  expect(text()).toContain("Cleo may sign in, as a person of Aster");
  expect((await api.signIn("cleo", told())).status).toBe(200);
  await listPeople(io);
  expect(text()).toMatch(/cleo@example\.test +Cleo +Aster \(customer\)/);
});

test("a customer that is not there is made only when that is said", async () => {
  const mistyped = await words(addPerson(io, "dora@example.test", { name: "Dora", customer: "Dahlia" }));
  expect(mistyped).toContain("No customer is called Dahlia.");
  expect(mistyped).toMatch(/There are: .*Aster.*--new/s);
  await addPerson(io, "dora@example.test", { name: "Dora", customer: "Dahlia", new: true });
  expect(text()).toContain("Dahlia is a customer from now on.");
  expect((await api.signIn("dora", told())).status).toBe(200);
});

test("without a customer it is an administrator of the provider, who may add people too; a customer's person may not", async () => {
  await addPerson(io, "root@example.test", { name: "Root" });
  expect(text()).toContain("an administrator of");
  expect((await api.signIn("root", told())).status).toBe(200);
  const wish = { email: "more@example.test", name: "More" };
  const ada = await api.send("POST", "/api/v1/people", await api.session("ada"), wish);
  expect(ada.status).toBe(403);
  expect((await api.send("GET", "/api/v1/people", await api.session("ada"))).status).toBe(403);
  const admin = await api.send("POST", "/api/v1/people", await api.session("admin"), wish);
  expect(admin.status).toBe(201);
});

test("what cannot be is refused with the field and the cure", async () => {
  expect(await words(addPerson(io, "ada@example.test", { name: "Ada" }))).toContain("already");
  const noAddress = await words(addPerson(io, "ada", { name: "Ada" }));
  expect(noAddress).toContain("email: must be an e-mail address");
  expect(await words(newPasswordFor(io, "nobody@example.test"))).toContain("There is no person with the e-mail");
});

test("a new password ends the old one and the sessions that were begun with it; all of it is audited, without the password", async () => {
  const session = await api.session("ben");
  expect((await api.send("GET", "/api/v1/cloud", session)).status).toBe(200);
  const before = api.signedOut.length;
  await newPasswordFor(io, "ben@example.test");
  expect(api.signedOut.length).toBe(before + 1);
  expect((await api.send("GET", "/api/v1/cloud", session)).status).toBe(401);
  expect((await api.signIn("ben")).status).toBe(401);
  expect((await api.signIn("ben", told())).status).toBe(200);
  const deeds = await audited("ben@example.test");
  expect(deeds).toMatchObject([{ action: "person.password", viewer_name: "operator", role: "provider" }]);
  expect(JSON.stringify(deeds)).not.toContain(told());
});

test("a person changes their own password, knowing the old one", async () => {
  await addPerson(io, "own@example.test", { name: "Own", customer: "Aster" });
  const reply = await api.signIn("own", told());
  const cookie = reply.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const change = (currentPassword: string, newPassword: string) =>
    api.send(
      "POST",
      "/api/auth/change-password",
      { cookie, origin: url },
      { currentPassword, newPassword, revokeOtherSessions: true },
    );
  expect((await change("wrong", "a much longer word")).status).toBe(400);
  expect((await change(told(), "a much longer word")).status).toBe(200);
  expect((await api.signIn("own", "a much longer word")).status).toBe(200);
});
