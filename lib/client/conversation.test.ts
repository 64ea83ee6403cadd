import { expect, test } from "vitest";
import { type ConversationMessageView, conversationMessageView } from "../contract/index.ts";
import { tell, withMessage, withoutOldProgress } from "./conversation.ts";

const at = 1_790_000_000_000;
const repair = "rep_00000000000000000001";
const vm = { id: "vm_00000000000000000001", name: "db-1" };
const of = (n: number, from: "provider" | "customer", message: object): ConversationMessageView =>
  conversationMessageView.parse({
    id: `msg_${String(n).padStart(20, "0")}`,
    organizationId: "org_00000000000000000001",
    incidentId: "inc_00000000000000000001",
    repairId: repair,
    sequence: n,
    at: at + n,
    from,
    ...(from === "provider" ? { receivedAt: null } : { by: "tune" }),
    message,
  });
const phase = (n: number, percent: number, name = "deploying") =>
  of(n, "customer", { kind: "repair.phase", repair, phase: name, percent, words: "" });

test("a proposal says each way with what is lost, until when an answer is awaited, and what happens then", () => {
  const { title, words } = tell(
    of(1, "provider", {
      kind: "repair.proposed",
      repair,
      vm,
      techniques: [
        { technique: "assisted-rebuild", words: "x", expectedMs: 20_000, loses: "Its disk." },
        { technique: "revive-vm", words: "x", expectedMs: null, loses: "Nothing." },
      ],
      answerBy: at + 10_000,
      latest: at + 60_000,
      fallback: "own-disk",
    }),
  );
  expect(title).toBe("A repair is proposed");
  expect(words[0]).toMatch(/^First choice: make it anew from its image, about 20/);
  expect(words[0]).toContain("It loses: its disk.");
  expect(words[1]).toMatch(/^Or: start it again/);
  expect(words[2]).toMatch(/after that: the VM is started from its own disk/);
});

test("reports of one phase are one line, the newest; another phase is another line", () => {
  const all = [phase(1, 10), phase(2, 60), phase(3, 5, "starting")];
  expect(withoutOldProgress(all).map(({ sequence }) => sequence)).toEqual([2, 3]);
});

test("a message that comes again replaces itself, and they stand in order of time", () => {
  const first = phase(1, 10);
  const known = [first, phase(3, 60)];
  expect(withMessage(withMessage(known, phase(2, 30)), first).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});
