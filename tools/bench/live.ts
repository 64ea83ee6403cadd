import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Page } from "@playwright/test";
import { z } from "zod";
import { type CloudView, cloudView, vmView } from "../../lib/contract/index.ts";
import { Failure } from "../kit/failure.ts";
import { freePort, type RunningServer, startServer } from "../stack/server.ts";
import { runDemo } from "../start/run-demo.ts";
import { whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { measurement } from "./types.ts";

const fewest = 50;
const pauseMs = 60;
const lastPaintedWithinMs = 10_000;
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const accountsFile = z.object({
  accounts: z.array(z.object({ role: z.string(), email: z.string(), password: z.string() })),
});

const spans =
  "from the instant that the event carries (taken by the server just before its transaction begins, so the whole commit is in it) over " +
  "NOTIFY, hub, socket and React to the second animation frame after the change entered the page's document (so its paint is in it)";

/** Changes that nothing but the bench makes: its own are told from the engine's by these words. */
const byUs = "changed by operator";

/**
 * Notes, in the page, each line of the event log that is about one of our changes: its number, its instant, and when it was painted.
 * Both clocks are this machine's.
 */
async function notePaints(page: Page) {
  const log = page.getByRole("log", { name: "Events" });
  return log.evaluateHandle((element, words) => {
    const seen = new Set<string>();
    const paints: { seq: string; latencyMs: number }[] = [];
    const look = (isNew: boolean) => {
      const fresh: { seq: string; at: number }[] = [];
      for (const line of element.querySelectorAll("li")) {
        const seq = /#\d+/.exec(line.textContent ?? "")?.[0];
        if (seq === undefined || seen.has(seq)) continue;
        seen.add(seq);
        const at = Date.parse(line.querySelector("time")?.dateTime ?? "");
        if (isNew && line.textContent?.includes(words)) fresh.push({ seq, at });
      }
      if (fresh.length === 0) return;
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          for (const { seq, at } of fresh) paints.push({ seq, latencyMs: Date.now() - at });
        }),
      );
    };
    look(false);
    new MutationObserver(() => look(true)).observe(element, { subtree: true, childList: true, characterData: true });
    return paints;
  }, byUs);
}

async function openPage(
  server: RunningServer,
  dataDir: string,
  onEnd: (undo: () => Promise<void>) => void,
): Promise<Page> {
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  onEnd(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, baseURL: server.url });
  const { accounts } = accountsFile.parse(JSON.parse(await readFile(path.join(dataDir, "accounts.json"), "utf8")));
  const admin = accounts.find(({ role }) => role === "provider");
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(admin?.email ?? "");
  await page.getByRole("textbox", { name: "Password" }).fill(admin?.password ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("status", { name: "Connection to the server" }).getByText("Live", { exact: true }).waitFor();
  return page;
}

export const bench = measurement({
  name: "live",
  summary:
    "event committed → painted in chromium (SIMULATED cloud as the source of VMs; server, database, socket and browser are real)",
  flags: { runs: whole("N", 200, "events", fewest) },
  async run({ log, signal, onEnd }, { runs: events }) {
    if (!existsSync(browserPath))
      throw new Failure(`there is no browser at ${browserPath}`, "apt-get install chromium, or set CHROMIUM");
    const dataDir = await mkdtemp(path.join(tmpdir(), "belay-bench-live-"));
    onEnd(() => rm(dataDir, { recursive: true, force: true }));
    const port = await freePort();
    const server = await startServer({ dataDir, port, args: [], env: { BELAY_SIMULATED: "1" }, signal });
    onEnd(() => server.stop());
    await runDemo({ PORT: String(port), BELAY_DATA: dataDir }, log, signal);
    const page = await openPage(server, dataDir, onEnd);
    const { vms }: CloudView = cloudView.parse(await server.api("GET", "/cloud"));
    const paints = await notePaints(page);

    const repliedMs: number[] = [];
    for (let event = 0; event < events; event++) {
      signal.throwIfAborted();
      const vm = vms[event % vms.length];
      if (vm === undefined) throw new Error("the simulated cloud has no VM");
      const consent = Math.floor(event / vms.length) % 2 === 0 ? "relocate" : "restart-vm";
      const asked = performance.now();
      vmView.parse(await server.api("PATCH", `/vms/${vm.id}`, { consent }));
      repliedMs.push(performance.now() - asked);
      if (event % 50 === 49) log(`${event + 1} of ${events} events`);
      await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal });
    }
    const until = Date.now() + lastPaintedWithinMs;
    let seen = await paints.jsonValue();
    while (seen.length < events && Date.now() < until) {
      await sleep(50, undefined, { signal });
      seen = await paints.jsonValue();
    }
    const { p50, p95, p99, max } = summary(seen.map(({ latencyMs }) => latencyMs));
    return {
      cloud: "SIMULATED",
      vms: vms.length,
      viewers: 1,
      events,
      painted: seen.length,
      ...{ p50Ms: p50, p95Ms: p95, p99Ms: p99, maxMs: max },
      spans,
      requestMs: summary(repliedMs),
    };
  },
});
