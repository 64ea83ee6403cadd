import { isNoDomain, isOperationInvalid } from "../../../libvirt/index.ts";
import { AgentFailure } from "../failure.ts";
import { asRecord, HeldByRestore, type Monitor } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";

/** The dead-man: a guest that has stood so long because of us is let go, whatever else happens, and the capture is given up. */
const mostMs = 900;
const callMs = 5_000;
/** Until RESUME is heard, before it is asked again. */
const heardMs = 2_000;
const againMs = 200;
/** So long it is tried. After that the engine lets it go by its own connection, or the next agent does. */
const letGoWithinMs = 60_000;

export interface HoldTimes {
  readonly heardMs: number;
  readonly againMs: number;
  readonly withinMs: number;
}
const usual: HoldTimes = { heardMs, againMs, withinMs: letGoWithinMs };

/** Those that stand because of us now. */
const standing = new Set<Hold>();
const waiting = new Set<() => void>();

/** What takes the processor for long is done at once, or as soon as no guest stands because of us. Asked for twice it is done once. */
export function whenNoneStands(work: () => void): void {
  if (standing.size === 0) work();
  else waiting.add(work);
}

function standsNoMore(hold: Hold): void {
  standing.delete(hold);
  if (standing.size > 0) return;
  const due = [...waiting];
  waiting.clear();
  for (const work of due) work();
}

/**
 * One standstill of a guest that we caused. Before it begins it is written down, so that the next agent lets the guest go should this one
 * be killed. Measured from before `stop` was sent until QEMU's RESUME was heard.
 */
export class Hold {
  readonly #monitor: Pick<Monitor, "qmp" | "cont" | "listen">;
  readonly #mark: string;
  readonly #files: Pick<WorkFiles, "held" | "mark" | "remove">;
  readonly #times: HoldTimes;
  #lettingGo: Promise<void> | undefined;
  readonly #onForced: (failure: AgentFailure) => void;
  #state: "before" | "standing" | "over" = "before";
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #resumed: () => void = () => undefined;
  #deaf: () => void = () => undefined;
  /** The instant of the standstill, in milliseconds since 1970. */
  at = 0;
  pauseMs = 0;
  /** Resolves when the guest runs again. */
  readonly over: Promise<void>;

  constructor(
    monitor: Pick<Monitor, "qmp" | "cont" | "listen">,
    files: Pick<WorkFiles, "held" | "mark" | "remove">,
    uuid: string,
    onForced: (failure: AgentFailure) => void,
    times: HoldTimes = usual,
  ) {
    this.#times = times;
    this.#monitor = monitor;
    this.#files = files;
    this.#mark = files.held(uuid);
    this.#onForced = onForced;
    this.over = new Promise((resolve) => {
      this.#resumed = resolve;
    });
  }

  get standing(): boolean {
    return this.#state === "standing";
  }

  /** Stops the guest. Throws `AgentFailure` where it does not run: then somebody else stopped it. */
  async begin(): Promise<void> {
    const { running } = asRecord(await this.#monitor.qmp("query-status"));
    if (running !== true) throw new AgentFailure("not-possible", "The VM does not run.");
    await this.#files.mark(this.#mark);
    this.#listen();
    try {
      await this.#monitor.qmp("stop");
    } catch (error) {
      await this.letGo();
      throw error;
    }
  }

  /** For a guest that QEMU itself will stop for us: it stands from QEMU's STOP on. What is returned takes that back. */
  async expect(): Promise<() => Promise<void>> {
    await this.#files.mark(this.#mark);
    const stop = this.#monitor.listen((event) => {
      if (event !== "STOP") return;
      stop();
      if (this.#state === "before") this.#listen();
    });
    return async () => {
      stop();
      if (this.#state === "before") await this.#files.remove(this.#mark);
    };
  }

  #listen(): void {
    this.#state = "standing";
    standing.add(this);
    this.at = Date.now();
    this.#since = performance.now();
    this.#deaf = this.#monitor.listen((event) => {
      if (event === "RESUME") this.#ended();
    });
    this.#timer = setTimeout(() => {
      this.#onForced(new AgentFailure("interrupted", "The VM would have stood still for a second, so it was let go."));
      void this.letGo();
    }, mostMs);
  }

  #ended(): void {
    if (this.#state !== "standing") return;
    this.pauseMs = performance.now() - this.#since;
    this.#state = "over";
    clearTimeout(this.#timer);
    this.#deaf();
    void this.#files.remove(this.#mark).finally(this.#resumed);
    standsNoMore(this);
  }

  /**
   * Lets the guest go on, if it still stands: tried until it runs, or is gone. Never rejects: where it could not be done that is said, the
   * mark stays, and the sweep does it.
   */
  letGo(): Promise<void> {
    if (this.#state !== "standing") return Promise.resolve();
    clearTimeout(this.#timer);
    this.#lettingGo ??= this.#tryToLetGo().finally(() => standsNoMore(this)); // also where it is gone
    return this.#lettingGo;
  }

  async #tryToLetGo(): Promise<void> {
    const { heardMs, againMs, withinMs } = this.#times;
    const end = performance.now() + withinMs;
    let last: unknown = "it does not go on";
    while (this.standing) {
      try {
        await this.#monitor.cont(performance.now() - this.#since, callMs);
        await within(heardMs, this.over);
        // What it says of itself may have been lost on the way.
        if (this.standing && asRecord(await this.#monitor.qmp("query-status", {}, callMs)).running === true)
          this.#ended();
      } catch (error) {
        last = error;
        if (isNoDomain(error) || isOperationInvalid(error) || error instanceof HeldByRestore) return; // it is gone
      }
      if (!this.standing) break;
      if (performance.now() > end) {
        this.#onForced(
          new AgentFailure("interrupted", "The VM was stopped to be saved, and could not be let go.", last),
        );
        process.stderr.write(`a guest could not be let go: ${last}\n`);
        return;
      }
      await within(againMs, this.over);
    }
    await this.over;
  }
}

async function within(ms: number, over: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([over, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
