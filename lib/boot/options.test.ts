import { expect, test } from "vitest";
import { BadSetting, readOptions } from "./options.ts";

test("without settings it is all roles on the loopback", () => {
  const options = readOptions([], {});
  expect(options).toMatchObject({
    host: "127.0.0.1",
    port: 3000,
    simulated: false,
    dev: false,
    databaseUrl: undefined,
  });
  expect([...options.roles].sort()).toEqual(["engine", "store", "web"]);
  expect(options.dataDir).toMatch(/\.data\/belay$/);
});

test("an empty variable is one that is not set", () => {
  const empty = { PORT: "", HOST: "", DATABASE_URL: "", BELAY_DATA: "", BELAY_ORIGINS: "", BELAY_SIMULATED: "" };
  expect(readOptions([], empty)).toEqual(readOptions([], {}));
});

test("a role, a port, an address and origins are taken", () => {
  const env = { PORT: "8080", HOST: "0.0.0.0", BELAY_ORIGINS: "https://one.example, https://two.example" };
  const options = readOptions(["--role", "engine", "--dev"], env);
  expect(options).toMatchObject({ port: 8080, host: "0.0.0.0", dev: true });
  expect(options.origins).toEqual(["https://one.example", "https://two.example"]);
  expect([...options.roles]).toEqual(["engine"]);
});

test("saved states are encrypted when they are told to be, or a key is named for it", () => {
  const { checkpointEncrypted, checkpointKeyFile, checkpointMostBytes } = readOptions([], { BELAY_DATA: "/d" });
  expect([checkpointEncrypted, checkpointKeyFile, checkpointMostBytes]).toEqual([
    undefined,
    "/d/checkpoint-key",
    undefined,
  ]);
  expect(readOptions([], { BELAY_CHECKPOINT_KEY: "/k" })).toMatchObject({
    checkpointEncrypted: "all",
    checkpointKeyFile: "/k",
  });
  const some = { BELAY_CHECKPOINT_ENCRYPT: "org_a, org_b", BELAY_CHECKPOINT_MOST_GIB: "0.5" };
  expect(readOptions([], some)).toMatchObject({
    checkpointEncrypted: ["org_a", "org_b"],
    checkpointMostBytes: 2 ** 29,
  });
});

test.each([
  [[], { BELAY_CHECKPOINT_MOST_GIB: "much" }, "BELAY_CHECKPOINT_MOST_GIB"],
  [[], { BELAY_CHECKPOINT_ENCRYPT: "Aster,,Birch" }, "BELAY_CHECKPOINT_ENCRYPT"],
  [["--role", "wbe"], {}, "--role"],
  [["--rol", "web"], {}, "--rol"],
  [[], { PORT: "0" }, "PORT"],
  [[], { PORT: "3000a" }, "PORT"],
  [[], { BELAY_ORIGINS: "belay.example" }, "BELAY_ORIGINS"],
  [["--role", "web"], { BELAY_SIMULATED: "1" }, "simulated"],
])("%j with %j is refused with a cure", (args, env, named) => {
  const refused = (() => {
    try {
      return readOptions(args, env);
    } catch (error) {
      return error;
    }
  })();
  expect(refused).toBeInstanceOf(BadSetting);
  expect(refused).toMatchObject({ message: expect.stringContaining(named), cure: expect.stringMatching(/\w/) });
});
