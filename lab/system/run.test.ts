import { describe, expect, it } from "vitest";
import { must, run } from "./run.ts";

describe.runIf(process.platform === "linux")("running a program", () => {
  it("gives input, collects output and exit code", async () => {
    const done = await run(["sh", "-c", "cat; echo bad >&2; exit 3"], { input: "in" });
    expect(done).toEqual({ code: 3, stdout: "in", stderr: "bad\n" });
  });

  it("ends the whole group at the deadline: a child of the program does not keep us waiting", async () => {
    await expect(run(["sh", "-c", "sleep 600 & sleep 600"], { timeoutMs: 100 })).rejects.toThrow("no end after 100 ms");
  });

  it("stops when told to", async () => {
    const stop = new AbortController();
    const slow = run(["sh", "-c", "echo up; exec sleep 600"], { signal: stop.signal, onOutput: () => stop.abort() });
    await expect(slow).rejects.toThrow("stopped by the caller");
    await expect(run(["true"], { signal: stop.signal })).rejects.toThrow("not started");
  });

  it("bounds what it keeps", async () => {
    await expect(run(["cat", "/dev/zero"])).rejects.toThrow(/more than \d+ bytes/);
  });

  it("names a program that is not there, and quotes one that fails", async () => {
    await expect(run(["belay-no-such-program"])).rejects.toThrow("belay-no-such-program cannot be started");
    await expect(must(["sh", "-c", "echo because >&2; exit 4"])).rejects.toThrow(/exit 4\): because/);
  });
});
