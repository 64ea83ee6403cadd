import { defineConfig } from "@playwright/test";

/**
 * The real server before real hosts (the lab), or before the simulated cloud where this machine cannot run the lab; e2e/start.ts brings
 * both up and takes them down. One worker: the tests share one cloud and break parts of it.
 */
export default defineConfig({
  testDir: "e2e",
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "test-results",
  use: {
    viewport: { width: 1440, height: 1000 },
    screenshot: "only-on-failure", // a trace costs a quarter of the time: --trace on, when one is needed
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-dev-shm-usage",
      ],
    },
  },
  webServer: {
    // exec: no shell stays between Playwright and the stack, which ends by itself when Playwright is gone.
    command: `exec "${process.execPath}" --disable-warning=ExperimentalWarning e2e/start.ts`,
    wait: { stdout: /e2e is up: (?<belay_e2e_state>\S+)/ }, // Playwright puts it into BELAY_E2E_STATE
    timeout: 240_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 90_000 },
    stdout: "ignore",
    stderr: "pipe",
  },
});
