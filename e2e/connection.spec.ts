import type { Page } from "@playwright/test";
import { openProxy } from "./support/proxy.ts";
import { expect, expectLive, test, vmCard } from "./support/test.ts";

/** Marks on the page's own clock when a frame came, and when the loss is on the page. */
const markLoss = (page: Page) =>
  page.addInitScript(() => {
    const Native = window.WebSocket;
    window.WebSocket = class extends Native {
      constructor(url: string | URL) {
        super(url);
        this.addEventListener("message", () => performance.mark("frame"));
      }
    };
    new MutationObserver(() => {
      if (document.body?.textContent?.includes("Connection lost.")) performance.mark("said");
    }).observe(document, { subtree: true, childList: true });
  });

/** From the last frame before the loss to the first time that the page said so. */
const silenceMs = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const said = performance.getEntriesByName("said")[0]?.startTime ?? Number.POSITIVE_INFINITY;
    const frames = performance.getEntriesByName("frame").filter(({ startTime }) => startTime < said);
    return said - (frames.at(-1)?.startTime ?? 0);
  });

/** "A dropped socket is said within 3 s" is a promise of the product (issue 2, section 5), so here a time is asserted. */
const promisedMs = 3_000;

for (const [how, cut] of [
  ["ends", "stop"],
  ["falls silent without a word", "freeze"],
] as const) {
  test(`a connection that ${how} is said within 3 s, and what was missed arrives without a reload`, async ({
    person,
    operator,
    stack,
  }) => {
    const proxy = await openProxy(stack.proxyPort, stack.server.url);
    try {
      const page = await person("Provider", { url: proxy.url, before: markLoss });
      await expect(vmCard(page, "web-3")).toContainText("Protected.");
      await page.evaluate(() => Object.assign(window, { sameDocument: true }));

      await proxy[cut]();
      await expect(page.getByRole("alert").filter({ hasText: "Connection lost." })).toBeVisible();
      await expect(page.getByRole("status", { name: "Connection to the server" })).toContainText("Not live");
      await expect(page.getByText("Nothing is broken.")).toBeHidden(); // nobody can know
      expect(await silenceMs(page)).toBeLessThan(promisedMs);

      await operator.setMode("blog", "none");
      await expect(vmCard(page, "web-3")).toContainText("Protected."); // as it was: the page cannot know
      await proxy.mend();
      await expectLive(page);
      await expect(vmCard(page, "web-3")).toContainText("Not protected. Protection is off");
      await expect(page.getByText("Connection lost.")).toBeHidden();
      expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
    } finally {
      await operator.setMode("blog", "provider");
      await proxy.stop();
    }
  });
}

test("who is signed out elsewhere is sent to sign in, and sees nothing more", async ({ person }) => {
  const page = await person("Birch", { ownSession: true });
  const same = await page.context().newPage();
  await same.goto("/");
  await expectLive(same);
  await same.getByRole("button", { name: "Account of Ben" }).click();
  await same.getByRole("button", { name: "Sign out" }).click();
  for (const one of [same, page]) await expect(one.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.goto("/incidents");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
});
