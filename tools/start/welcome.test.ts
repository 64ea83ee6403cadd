import { expect, it } from "vitest";
import { readStartOptions } from "./options.ts";
import { type WelcomeCloud, welcomeLines } from "./welcome.ts";

const accounts = [
  { organization: "Provider", role: "provider", name: "Admin", email: "admin@belay.local", password: "secret-word" },
];
const welcome = (cloud: WelcomeCloud) =>
  welcomeLines({ url: "http://127.0.0.1:3000", accounts, cloud, logFile: "server.log" }).join("\n");
const addHost = "npm run host -- add qemu+ssh://root@ADDRESS/system";

it.each<[WelcomeCloud, { says: readonly string[]; not: readonly string[] }]>([
  [{ kind: "own" }, { says: [addHost, "npm run people -- add"], not: ["Kill VM", "npm run lab", "SIMULATED"] }],
  [
    { kind: "simulated", because: "there is no lab here" },
    { says: ["SIMULATED", "there is no lab here", "Kill VM"], not: [addHost, "npm run lab"] },
  ],
  [
    { kind: "lab", name: undefined, noAuction: undefined },
    { says: [addHost, "Kill VM", "npm run lab -- power off host-1"], not: ["SIMULATED"] },
  ],
])("names only what works there: %o", (cloud, { says, not }) => {
  const text = welcome(cloud);
  expect(text).toContain("admin@belay.local   secret-word");
  for (const words of says) expect(text).toContain(words);
  for (const words of not) expect(text).not.toContain(words);
});

it("hosts of one's own and a simulated cloud are not wanted at once", () => {
  expect(readStartOptions(["--no-lab"], {})).toMatchObject({ noLab: true, simulated: false });
  expect(() => readStartOptions(["--no-lab", "--simulated"], {})).toThrow("a simulated cloud was asked for too");
  expect(() => readStartOptions(["--no-lab"], { BELAY_SIMULATED: "1" })).toThrow("a simulated cloud was asked for too");
});
