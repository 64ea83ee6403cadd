/** Where progress is shown: a terminal whose last line is rewritten, or a log that only grows. */
export interface Screen {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

export interface Board {
  /**
   * Runs `work` as a named phase: said when it starts, how long it takes while it goes on, and how it ended. `say` tells what is
   * happening right now. A string that `work` returns becomes the closing word.
   */
  phase<T>(name: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
  /** A line that stays, above the phases that run. */
  line(text: string): void;
  /** Stops the timer and clears the line that is rewritten. */
  close(): void;
}

interface Running {
  readonly name: string;
  readonly startedMs: number;
  detail: string;
}

const redrawMs = 250;
/** In a log a long phase says every so often that it still runs. */
const remindMs = 15_000;

export function seconds(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export const stderrScreen: Screen = {
  write: (text) => void process.stderr.write(text),
  get isTTY() {
    return process.stderr.isTTY === true;
  },
  get columns() {
    return process.stderr.columns ?? 80;
  },
};

export function createBoard(screen: Screen = stderrScreen, nowMs: () => number = () => performance.now()): Board {
  const running = new Set<Running>();
  let timer: NodeJS.Timeout | undefined;

  const clear = (): void => {
    if (screen.isTTY) screen.write("\r\x1b[K");
  };
  const draw = (): void => {
    if (!screen.isTTY || running.size === 0) return;
    const parts = [...running].map(
      ({ name, startedMs, detail }) => `${name} ${seconds(nowMs() - startedMs)}${detail ? ` (${detail})` : ""}`,
    );
    screen.write(`\r\x1b[K  ${parts.join("  ·  ")}`.slice(0, screen.columns + 3));
  };
  const remind = (): void => {
    for (const { name, startedMs, detail } of running)
      screen.write(`  ${name}: ${detail ? `${detail}, ` : ""}${seconds(nowMs() - startedMs)}\n`);
  };
  const tick = (): void => {
    timer ??= screen.isTTY ? setInterval(draw, redrawMs) : setInterval(remind, remindMs);
    timer.unref();
  };
  const rest = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const line = (text: string): void => {
    clear();
    screen.write(`${text}\n`);
    draw();
  };

  return {
    line,
    async phase(name, work) {
      const entry: Running = { name, startedMs: nowMs(), detail: "" };
      if (!screen.isTTY) screen.write(`▸ ${name}\n`);
      running.add(entry);
      tick();
      draw();
      const end = (mark: string, word: string): void => {
        running.delete(entry);
        if (running.size === 0) rest();
        line(`${mark} ${name}${word ? `: ${word}` : ""}  ${seconds(nowMs() - entry.startedMs)}`);
      };
      try {
        const result = await work((detail) => {
          entry.detail = detail;
        });
        end("✓", typeof result === "string" ? result : "");
        return result;
      } catch (error) {
        const words = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
        end("✗", words.replace(`${name}: `, ""));
        throw error;
      }
    },
    close() {
      rest();
      clear();
    },
  };
}
