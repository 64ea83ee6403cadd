import { type BrowserContext, test as base, type Page } from "@playwright/test";
import { operatorOf } from "./cloud.ts";
import { accountOf, type E2eState, type RunningState, readState } from "./state.ts";

export interface PersonOptions {
  /** The server that is opened; the one before the lab where left out. */
  readonly at?: RunningState;
  /** Where its pages are opened, when that is not the server itself. */
  readonly url?: string;
  readonly dark?: boolean;
  readonly viewport?: { width: number; height: number };
  /** A session that no other test has: one that may end. */
  readonly ownSession?: boolean;
  /** Runs in every page before the page's own scripts. */
  readonly before?: (page: Page) => Promise<unknown>;
}

interface Fixtures {
  readonly stack: E2eState;
  readonly operator: ReturnType<typeof operatorOf>;
  /** A browser of its own for a person of the organization ("Provider", "Aster", "Birch"), signed in, on their first page. */
  readonly person: (organization: string, options?: PersonOptions) => Promise<Page>;
}

/** Who signed in once by the form keeps the session: signing in is tested by itself. */
const sessions = new Map<string, Awaited<ReturnType<BrowserContext["storageState"]>>>();

export const test = base.extend<Fixtures>({
  // Playwright wants an object to take apart, even where nothing is taken.
  stack: async ({ baseURL: _ }, use) => use(readState()),
  operator: async ({ stack }, use) => use(operatorOf(stack.server)),
  person: async ({ browser, stack }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (organization, options = {}) => {
      const { at = stack.server, url = at.url, dark = false, viewport, ownSession = false } = options;
      const kept = ownSession ? undefined : sessions.get(`${at.url} ${organization}`);
      const context = await browser.newContext({
        baseURL: url,
        colorScheme: dark ? "dark" : "light",
        reducedMotion: "reduce", // axe takes a colour that is still fading in for the colour
        ...(viewport && { viewport }),
        ...(kept && { storageState: kept }),
      });
      contexts.push(context);
      const page = await context.newPage();
      await options.before?.(page);
      if (kept === undefined) await signIn(page, accountOf(at, organization));
      else await page.goto("/");
      await expectLive(page);
      if (!ownSession && kept === undefined) sessions.set(`${at.url} ${organization}`, await context.storageState());
      return page;
    });
    for (const context of contexts) await context.close();
  },
});

async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export { expect } from "@playwright/test";

/** The page says that what it shows is of now. */
export const expectLive = (page: Page): Promise<void> =>
  page.getByRole("status", { name: "Connection to the server" }).getByText("Live", { exact: true }).waitFor();

export const vmCard = (page: Page, name: string) => page.getByRole("article", { name: `VM ${name}`, exact: true });
export const incidentCard = (page: Page, vm: string) =>
  page.getByRole("article", { name: `Incident of ${vm}`, exact: true });
