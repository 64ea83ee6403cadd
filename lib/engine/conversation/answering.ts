import type { MessageId, OrganizationId, VmId } from "../../model/index.ts";

/** A question about a VM, as far as its turn depends on it. */
export interface Waiting {
  readonly id: MessageId;
  readonly organizationId: OrganizationId;
  readonly message: { readonly vmId: VmId };
}

export interface Answering<Question extends Waiting> {
  /** All that wait now, oldest first. Returns at once; what is in hand already is left alone. */
  offer(questions: readonly Question[]): void;
  /** VMs whose questions are being answered. */
  inHand(): ReadonlySet<VmId>;
  /** Begins no more, and waits for what is in hand. */
  stop(): Promise<void>;
}

interface Known {
  readonly sinceMs: number;
  /** In hand, or answered and perhaps still in a read that began before. */
  taken: boolean;
}

/**
 * Whose turn it is: customers' questions are answered side by side, at most `width` VMs at once and `ofOne` of one customer's, so that
 * many questions of one hold up nobody else's. All questions about a VM that wait together are one piece of work: it is looked at once.
 */
export function createAnswering<Question extends Waiting>(options: {
  readonly width: number;
  readonly ofOne: number;
  monotonicMs(): number;
  /** `waitedMs`: for how long the oldest of them has waited. One that fails is offered again. */
  answer(questions: readonly Question[], waitedMs: number): Promise<void>;
  failed(error: unknown): void;
}): Answering<Question> {
  const { width, ofOne, monotonicMs, answer, failed } = options;
  const known = new Map<MessageId, Known>();
  const running = new Map<VmId, { readonly organizationId: OrganizationId; readonly ended: Promise<void> }>();
  let waiting = new Map<VmId, readonly Question[]>();
  let stopped = false;

  const isFull = (organizationId: OrganizationId) =>
    [...running.values()].filter((it) => it.organizationId === organizationId).length >= ofOne;

  async function work(vmId: VmId, questions: readonly Question[]): Promise<void> {
    const marks = questions.flatMap(({ id }) => known.get(id) ?? []);
    for (const mark of marks) mark.taken = true;
    try {
      await answer(questions, monotonicMs() - Math.min(...marks.map(({ sinceMs }) => sinceMs)));
    } catch (error) {
      for (const mark of marks) mark.taken = false;
      failed(error);
    }
    running.delete(vmId);
    pump();
  }

  function pump(): void {
    for (const [vmId, questions] of waiting) {
      const [first] = questions;
      if (stopped || running.size >= width) return;
      if (first === undefined || running.has(vmId) || isFull(first.organizationId)) continue;
      waiting.delete(vmId);
      const begun = Promise.withResolvers<void>();
      running.set(vmId, { organizationId: first.organizationId, ended: begun.promise });
      void work(vmId, questions).then(begun.resolve);
    }
  }

  return {
    offer(questions) {
      const ids = new Set(questions.map(({ id }) => id));
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
      waiting = new Map();
      for (const question of questions) {
        const mark = known.get(question.id) ?? { sinceMs: monotonicMs(), taken: false };
        known.set(question.id, mark);
        if (mark.taken) continue;
        const { vmId } = question.message;
        waiting.set(vmId, [...(waiting.get(vmId) ?? []), question]);
      }
      pump();
    },
    inHand: () => new Set(running.keys()),
    async stop() {
      stopped = true;
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
