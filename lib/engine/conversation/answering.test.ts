import { expect, test } from "vitest";
import { aVm, hostNumber, organizationNumber } from "../../decide/testing/clouds.ts";
import { idSource } from "../../model/index.ts";
import { createAnswering, type Waiting } from "./answering.ts";

let drawn = 0;
const ids = idSource(
  () => 1_790_000_000_000 + drawn++,
  () => 0.5,
);
const question = (organization: number, vm: number): Waiting => ({
  id: ids.next("msg"),
  organizationId: organizationNumber(organization),
  message: { vmId: aVm(vm, hostNumber(1)).id },
});
const vmOf = (vm: number) => aVm(vm, hostNumber(1)).id;

/** Answers that come when the test says so. */
function desk(width = 4, ofOne = 2) {
  const begun: { readonly questions: readonly Waiting[]; readonly waitedMs: number; end(error?: Error): void }[] = [];
  const errors: unknown[] = [];
  let nowMs = 0;
  const answering = createAnswering<Waiting>({
    ...{ width, ofOne, monotonicMs: () => nowMs, failed: (error) => errors.push(error) },
    answer(questions, waitedMs) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      begun.push({ questions, waitedMs, end: (error) => (error === undefined ? resolve() : reject(error)) });
      return promise;
    },
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    ...{ answering, begun, errors, settle },
    vms: () => begun.map(({ questions }) => questions[0]?.message.vmId),
    at: (ms: number) => {
      nowMs = ms;
    },
  };
}

test("many questions of one customer hold up nobody else's", () => {
  const it = desk();
  const many = Array.from({ length: 100 }, (_, index) => question(1, index + 1));
  it.answering.offer([...many, question(2, 200)]);
  expect(it.vms()).toEqual([vmOf(1), vmOf(2), vmOf(200)]);
});

test("no more are answered at once than agreed, and the next one follows when one is", async () => {
  const it = desk(2, 2);
  it.answering.offer([question(1, 1), question(2, 2), question(3, 3)]);
  expect(it.vms()).toEqual([vmOf(1), vmOf(2)]);
  it.at(400);
  it.begun[0]?.end();
  await it.settle();
  expect(it.vms()).toEqual([vmOf(1), vmOf(2), vmOf(3)]);
  expect(it.begun[2]?.waitedMs).toBe(400);
});

test("a VM is looked at once for all who ask about it, and not twice at the same time", async () => {
  const it = desk();
  const [first, second, late] = [question(1, 1), question(1, 1), question(1, 1)];
  it.answering.offer([first, second]);
  it.answering.offer([first, second, late]);
  expect(it.begun.map(({ questions }) => questions.length)).toEqual([2]);
  it.begun[0]?.end();
  await it.settle();
  expect(it.begun.map(({ questions }) => questions)).toEqual([[first, second], [late]]);
});

test("what is answered is not answered again by a read that began before; what failed is", async () => {
  const it = desk();
  const one = question(1, 1);
  it.answering.offer([one]);
  it.begun[0]?.end(new Error("the database is away"));
  await it.settle();
  expect(it.errors).toHaveLength(1);
  it.answering.offer([one]);
  it.begun[1]?.end();
  await it.settle();
  it.answering.offer([one]);
  expect(it.begun).toHaveLength(2);
});

test("a stop begins no more, and waits for what is in hand", async () => {
  const it = desk(1, 1);
  it.answering.offer([question(1, 1), question(2, 2)]);
  let ended = false;
  const stop = it.answering.stop().then(() => {
    ended = true;
  });
  await it.settle();
  expect(ended).toBe(false);
  it.begun[0]?.end();
  await stop;
  expect(it.begun).toHaveLength(1);
  expect(it.answering.inHand().size).toBe(0);
});
