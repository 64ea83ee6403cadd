import { AgentFailure } from "../failure.ts";
import { asRecord, type Monitor } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";

/** The dead-man: a guest that has stood so long because of us is let go, whatever else happens, and the capture is given up. */
const mostMs = 900;
const letGoMs = 5_000;

/**
 * One standstill of a guest that we caused. Before it begins it is written down, so that the next agent lets the guest go should this one
 * be killed. Measured from before `stop` was sent until QEMU's RESUME was heard.
 */
export class Hold {
  readonly #monitor: Monitor;
  readonly #mark: string;
  readonly #files: WorkFiles;
  readonly #onForced: (failure: AgentFailure) => void;
  #state: "before" | "standing" | "over" = "before";
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #resumed: () => void = () => undefined;
  /** The instant of the standstill, in milliseconds since 1970. */
  at = 0;
  pauseMs = 0;
  /** Resolves when the guest runs again. */
  readonly over: Promise<void>;

  constructor(monitor: Monitor, files: WorkFiles, uuid: string, onForced: (failure: AgentFailure) => void) {
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

  /** For a guest that QEMU itself will stop for us: it stands from QEMU's STOP on. */
  async expect(): Promise<void> {
    await this.#files.mark(this.#mark);
    const stop = this.#monitor.listen((event) => {
      if (event !== "STOP") return;
      stop();
      if (this.#state === "before") this.#listen();
    });
  }

  #listen(): void {
    this.#state = "standing";
    this.at = Date.now();
    this.#since = performance.now();
    const stop = this.#monitor.listen((event) => {
      if (event !== "RESUME" || this.#state !== "standing") return;
      this.pauseMs = performance.now() - this.#since;
      this.#state = "over";
      clearTimeout(this.#timer);
      stop();
      void this.#files.remove(this.#mark).finally(this.#resumed);
    });
    this.#timer = setTimeout(() => {
      this.#onForced(new AgentFailure("interrupted", "The VM would have stood still for a second, so it was let go."));
      void this.letGo();
    }, mostMs);
  }

  /** Lets the guest go on, if it still stands. Never rejects: the mark stays where it could not be done, and the sweep does it. */
  async letGo(): Promise<void> {
    if (this.#state !== "standing") return;
    clearTimeout(this.#timer);
    try {
      await this.#monitor.qmp("cont", {}, letGoMs);
      await Promise.race([this.over, new Promise((resolve) => setTimeout(resolve, letGoMs).unref())]);
    } catch (error) {
      process.stderr.write(`a guest could not be let go: ${error}\n`);
    }
  }
}
