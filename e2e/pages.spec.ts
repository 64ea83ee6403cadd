import type { Page } from "@playwright/test";
import { expectAccessible } from "./support/axe.ts";
import type { Operator } from "./support/cloud.ts";
import { expect, expectLive, test, vmCard } from "./support/test.ts";

const paths = ["/", "/incidents"] as const;
/** Also the pages that customers do not have. */
const providerPaths = async (operator: Operator): Promise<string[]> => {
  const { hosts, vms, applications } = await operator.cloud();
  const ofHosts = hosts.slice(0, 1).map((host) => `/hosts/${host.id}`);
  const ofApplications = applications.slice(0, 1).map(({ id }) => `/applications/${id}`);
  const ofVms = vms.slice(0, 1).map((vm) => `/vms/${vm.id}/checkpoints`);
  return [...paths, "/settings", ...ofHosts, ...ofApplications, ...ofVms];
};
const customerPaths = [...paths, "/access"];
const noSidewaysScroll = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

for (const organization of ["Provider", "Aster"]) {
  for (const dark of [false, true]) {
    test(`${organization}'s pages are accessible in ${dark ? "dark" : "light"}`, async ({ person, operator }) => {
      test.setTimeout(120_000);
      const page = await person(organization, { dark });
      for (const path of organization === "Provider" ? await providerPaths(operator) : customerPaths) {
        await page.goto(path);
        await expectLive(page);
        await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
        await expectAccessible(page, path);
      }
      await page.getByRole("button", { name: /^Account of/ }).click();
      await expect(page.getByRole("radiogroup", { name: "Colours" })).toBeVisible();
      await expectAccessible(page, "the account's menu");
    });
  }
}

test("signing in: a wrong password is said, and the page is accessible in light and dark", async ({ page, stack }) => {
  await page.goto(`${stack.server.url}/incidents`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.getByLabel("E-mail").fill("nobody@belay.local");
    await page.getByRole("textbox", { name: "Password" }).fill("not-the-password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "wrong" })).toBeVisible();
    await expectAccessible(page, `sign-in, ${colorScheme}`);
  }
});

test("on a phone nothing is wider than the page, and dark can be chosen for good", async ({ person, operator }) => {
  test.setTimeout(120_000);
  const page = await person("Provider", { viewport: { width: 390, height: 844 } });
  for (const path of await providerPaths(operator)) {
    await page.goto(path);
    await expectLive(page);
    expect(await noSidewaysScroll(page), path).toBe(true);
    await expectAccessible(page, `${path} on a phone`);
  }
  const customer = await person("Aster", { viewport: { width: 390, height: 844 } });
  for (const path of customerPaths) {
    await customer.goto(path);
    await expectLive(customer);
    expect(await noSidewaysScroll(customer), path).toBe(true);
  }
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("radiogroup", { name: "Colours" }).getByText("Dark").click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("a keyboard is enough: to a VM's button, into its dialog, and back out", async ({ person }) => {
  const page = await person("Provider");
  const button = vmCard(page, "web-2").getByRole("button", { name: "Kill VM web-2" });
  await button.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Kill VM web-2?" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(dialog.getByRole("button", { name: "Kill web-2" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(button).toBeFocused();
});

test("a simulated cloud says so on every page, and a real one on none", async ({ person, page, stack }) => {
  const word = (where: Page) => where.getByRole("complementary", { name: "Simulated cloud" }).getByText("SIMULATED");
  await page.goto(`${stack.simulated.url}/sign-in`);
  await expect(word(page)).toBeVisible();
  await page.goto(`${stack.simulated.url}/no-such-page`);
  await expect(word(page)).toBeVisible();
  const admin = await person("Provider", { at: stack.simulated });
  for (const path of paths) {
    await admin.goto(path);
    await expectLive(admin);
    await expect(word(admin)).toBeVisible();
  }
  await admin.goto("/");
  await expect(admin.getByRole("region", { name: "Application shop" }).getByText("SIMULATED")).toBeVisible();
  if (stack.lab === null) return;
  const real = await person("Provider");
  await expect(real.getByText("SIMULATED")).toHaveCount(0);
});
