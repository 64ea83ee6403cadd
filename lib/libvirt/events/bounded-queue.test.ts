import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedQueue, isOverflow } from "./bounded-queue.ts";

const take = async (queue: BoundedQueue<{ n: number }>) => (await queue.next()).value;

describe("a bounded queue", () => {
  it("gives items to a waiting reader and to a later one", async () => {
    const queue = new BoundedQueue<{ n: number }>(2);
    const first = take(queue);
    queue.push({ n: 1 });
    queue.push({ n: 2 });
    expect(await first).toEqual({ n: 1 });
    expect(await take(queue)).toEqual({ n: 2 });
  });

  it("tells a loss in the place where it was, before anything newer", async () => {
    const queue = new BoundedQueue<{ n: number }>(2);
    for (const n of [1, 2, 3, 4]) queue.push({ n });
    expect(await take(queue)).toEqual({ n: 1 });
    queue.push({ n: 5 });
    expect(await take(queue)).toEqual({ n: 2 });
    expect(await take(queue)).toEqual({ overflow: true, lost: 2 });
    expect(await take(queue)).toEqual({ n: 5 });
  });

  it("tells a loss although nothing newer comes", async () => {
    const queue = new BoundedQueue<{ n: number }>(1);
    for (const n of [1, 2]) queue.push({ n });
    expect(await take(queue)).toEqual({ n: 1 });
    expect(await take(queue)).toEqual({ overflow: true, lost: 1 });
  });

  it("gives what is queued before it ends or fails, and fails once", async () => {
    const queue = new BoundedQueue<{ n: number }>(1);
    queue.push({ n: 1 });
    queue.push({ n: 2 });
    queue.fail(new Error("lost"));
    queue.push({ n: 3 });
    expect(await take(queue)).toEqual({ n: 1 });
    expect(await take(queue)).toEqual({ overflow: true, lost: 1 });
    await expect(queue.next()).rejects.toThrow("lost");
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it("ends a waiting reader", async () => {
    const ended = new BoundedQueue<{ n: number }>(1);
    const waiting = ended.next();
    ended.finish();
    expect(await waiting).toEqual({ done: true, value: undefined });
    const failed = new BoundedQueue<{ n: number }>(1);
    const rejected = expect(failed.next()).rejects.toThrow("gone");
    failed.fail(new Error("gone"));
    await rejected;
  });

  it("has one reader and room for at least one", async () => {
    const queue = new BoundedQueue<{ n: number }>(1);
    const first = queue.next();
    await expect(queue.next()).rejects.toThrow(/one reader/);
    queue.finish();
    await first;
    expect(() => new BoundedQueue(0)).toThrow(/at least 1/);
  });

  it("accounts for every item, in order, however pushes and reads alternate", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean()), async (limit, steps) => {
        const queue = new BoundedQueue<{ n: number }>(limit);
        const seen: (number | { lost: number })[] = [];
        const reads: Promise<void>[] = [];
        let pushed = 0;
        const read = async () => {
          const item = await take(queue);
          if (item) seen.push(isOverflow(item) ? { lost: item.lost } : item.n);
        };
        for (const push of steps) {
          if (push) queue.push({ n: pushed++ });
          else if (pushed > 0) reads.push(read().catch(() => undefined));
          await Promise.resolve();
        }
        queue.finish();
        await Promise.all(reads);
        for await (const item of { [Symbol.asyncIterator]: () => queue }) {
          seen.push(isOverflow(item) ? { lost: item.lost } : item.n);
        }
        let next = 0;
        for (const one of seen) {
          if (typeof one === "number") {
            expect(one).toBe(next);
            next += 1;
          } else next += one.lost;
        }
        expect(next).toBe(pushed);
      }),
    );
  });
});
