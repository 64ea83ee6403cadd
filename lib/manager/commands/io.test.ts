import { expect, test } from "vitest";
import { ManagerError } from "../servers.ts";
import { asTyped, type ManagerIo, tell } from "./io.ts";
import { explainManager, managerProgram } from "./program.ts";

function screen() {
  const printed: string[] = [];
  let failures = 0;
  const io: ManagerIo = {
    print: (text) => printed.push(text),
    board: { phase: (_, work) => work(() => {}), line: () => {} },
    ...{ ask: undefined, env: {}, cwd: "/nowhere", signal: new AbortController().signal },
    program: "npm run manager --",
    failed: () => void failures++,
  };
  return { io, printed, failures: () => failures };
}

test("every command that there is becomes what can be typed, and no other words do", () => {
  for (const command of managerProgram(screen().io).commands)
    if (command.name() !== "help")
      expect(asTyped(`belay-manager ${command.name()} FILE`, "npm run manager --", "shop.yaml")).toBe(
        `npm run manager -- ${command.name()} shop.yaml`,
      );
  const others = "belay-manager for shop; /home/me/.belay-manager/shop; the FILE";
  expect(asTyped(others, "npm run manager --", "shop.yaml")).toBe(others);
});

test("lines, cells and data can be typed as well; what is not so is told to whoever started it", () => {
  const it = screen();
  const result = {
    data: { words: "belay-manager up FILE" },
    lines: ["belay-manager down FILE frees it"],
    next: "look",
  };
  tell(it.io, "shop.yaml", {}, result);
  expect(it.printed).toEqual(["npm run manager -- down shop.yaml frees it", "Next: look"]);
  expect(it.failures()).toBe(0);
  tell(it.io, "shop.yaml", { json: true }, { ...result, ok: false });
  expect(JSON.parse(it.printed[2] ?? "")).toEqual({
    words: "npm run manager -- up shop.yaml",
    ok: false,
    next: "look",
  });
  expect(it.failures()).toBe(1);
});

test("an error keeps its field, and its cure can be typed", async () => {
  const { io } = screen();
  const program = managerProgram(io);
  await expect(program.parseAsync(["validate", "shop.yaml"], { from: "user" })).rejects.toThrow("cannot be read");
  const error = new ManagerError({
    ...{ code: "x", field: "images.system", message: "There is none.", cure: "Make it: belay-manager up FILE" },
  });
  expect(explainManager(error, program, io.program)).toBe(
    "images.system: There is none.\n  cure: Make it: npm run manager -- up shop.yaml",
  );
});
