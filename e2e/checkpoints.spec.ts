import type { Locator, Page } from "@playwright/test";
import { expectAccessible } from "./support/axe.ts";
import { expect, expectLive, test, vmCard } from "./support/test.ts";

/** On the simulated cloud, with web-3 of Birch: its owner has it saved, looks at what was saved, and goes back. */

const settingsOf = async (page: Page, name: string) => {
  await page.getByRole("button", { name: `Settings of ${name}` }).click();
  return page.getByRole("dialog", { name: `Settings of ${name}` });
};
const save = async (page: Page, name: string) => {
  const dialog = page.getByRole("dialog", { name: `Settings of ${name}` });
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog).toBeHidden();
};
const chooseInterval = async (page: Page, name: string, choice: string) => {
  const dialog = await settingsOf(page, name);
  await dialog.getByRole("combobox", { name: "Save its state" }).click();
  await page.getByRole("option", { name: choice, exact: true }).click();
  return dialog;
};
const neverBack = (dialog: Locator) => dialog.getByRole("switch", { name: "It must never go back to an older state" });
const outcome = (page: Page, title: string) => page.getByRole("alert").filter({ hasText: title });

test("an owner chooses 7 s, sees before saving what that means, and sees the VM saved; then goes back to a saved state", async ({
  person,
  stack,
}) => {
  test.setTimeout(180_000);
  const page = await person("Birch", { at: stack.simulated });
  const card = vmCard(page, "web-3");

  await test.step("the choice says what it means, and its limits explain themselves", async () => {
    const dialog = await chooseInterval(page, "web-3", "Every 7 s");
    const advice = dialog.getByRole("region", { name: "What this means" });
    await expect(advice).toContainText("3.5 s of work on average");
    await expect(advice).toContainText(/It stands still[\d.]+ % of its time/);
    await expect(advice).toContainText(/Suggested: every \d+ min/);
    await expect(advice).toContainText("SIMULATED");
    await expect(dialog).toContainText("Its owner does not allow that it goes back by itself");
    await expectAccessible(page, "a VM's settings with the advice");
    await save(page, "web-3");
  });

  await test.step("the card says that it is saved, and how", async () => {
    await expect(card).toContainText(/Saved \d+ s ago · every 7 s · /, { timeout: 60_000 });
    await card.getByRole("link", { name: "Checkpoints of web-3" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Checkpoints of web-3");
  });

  const table = page.getByRole("table", { name: "Checkpoints of web-3" });
  await test.step("one is taken by hand, and kept", async () => {
    await expect(table.getByRole("button", { name: /^Restore the checkpoint of [\d: -]+$/ }).first()).toBeVisible();
    await page.getByRole("button", { name: "Take one now" }).click();
    await expect(outcome(page, "Checkpoint of web-3")).toContainText("Done.", { timeout: 60_000 });
    await expect(table).toContainText("kept until a person lets it go");
    await expectAccessible(page, "a VM's checkpoints");
  });

  await test.step("what will be lost is said by name, and must be confirmed", async () => {
    await table
      .getByRole("button", { name: /^Restore the checkpoint of [\d: -]+$/ })
      .first()
      .click();
    const dialog = page.getByRole("dialog", { name: /^Take web-3 back to/ });
    await expect(dialog).toContainText(/Everything that web-3 did in the last .* is lost/);
    const restore = dialog.getByRole("button", { name: "Restore web-3" });
    await expect(restore).toBeDisabled();
    await expectAccessible(page, "the dialog of a restore");
    await dialog.getByRole("checkbox").check();
    await restore.click();
    await expect(outcome(page, "Restore web-3")).toContainText("Done.", { timeout: 120_000 });
  });

  await test.step("it runs again, its incident says by what, and it is saved again by itself", async () => {
    await page.goto("/");
    await expectLive(page);
    await expect(card).toContainText("Running");
    await expect(card).toContainText(/Saved \d+ s ago · every 7 s/, { timeout: 60_000 });
    await page.goto("/incidents");
    await page.getByRole("link", { name: "web-3" }).first().click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("web-3: its owner called for a saved state");
    await expect(page.getByRole("region", { name: "Repair: assisted-restart" })).toContainText(
      "Restore the saved image that its owner called for.",
    );
    await expectAccessible(page, "the incident of a restore");
  });
});

test("what must never go back is not taken back, and what is of others is not shown", async ({ person, stack }) => {
  test.setTimeout(120_000);
  const page = await person("Birch", { at: stack.simulated });
  const card = vmCard(page, "web-3");
  const dialog = await settingsOf(page, "web-3");
  await neverBack(dialog).check();
  await expect(dialog).toContainText("a saved state is only restored beside it");
  await save(page, "web-3");

  await card.getByRole("link", { name: "Checkpoints of web-3" }).click();
  await page
    .getByRole("button", { name: /^Restore the checkpoint of [\d: -]+$/ })
    .first()
    .click();
  const restore = page.getByRole("dialog", { name: /^Take web-3 back to/ });
  await expect(restore).toContainText("must never go back to an older state");
  await expect(restore.getByRole("checkbox")).toBeDisabled();
  await expect(restore.getByRole("button", { name: "Restore web-3" })).toBeDisabled();
  await page.keyboard.press("Escape");

  const other = await person("Aster", { at: stack.simulated });
  await other.goto(new URL(page.url()).pathname);
  await expect(other.getByText("There is no such VM.")).toBeVisible();
  await expect(other.locator("body")).not.toContainText("web-3");

  await test.step("as it was", async () => {
    await page.getByRole("link", { name: "Your applications" }).click();
    // Without waiting for that page: its button is on this one too, and the dialog stays when the page arrives behind it.
    const again = await chooseInterval(page, "web-3", "As its application (off)");
    await neverBack(again).uncheck();
    await save(page, "web-3");
    await expect(card).toContainText(/Not saved any more/);
  });
});
