import type { Page } from "@playwright/test";
import { type Talker, talk } from "../tools/bench/together/talker.ts";
import { expectAccessible } from "./support/axe.ts";
import { expect, expectLive, test, vmCard } from "./support/test.ts";

/** A customer takes part in the repair of their VM: on real hosts where there is a lab. */

const settings = async (page: Page) => {
  await page.getByRole("button", { name: "Settings of application shop" }).click();
  return page.getByRole("dialog", { name: "Settings of application shop" });
};

async function choose(page: Page, who: string): Promise<void> {
  const dialog = await settings(page);
  await dialog.getByRole("combobox", { name: "Who repairs it" }).click();
  await page.getByRole("option", { name: who, exact: true }).click();
  if (who === "Both together") {
    await expect(dialog.getByRole("region", { name: "What each side may do" })).toContainText(
      "The customer's manager accepts",
    );
    await dialog.getByRole("textbox", { name: "Wait for the manager's answer, seconds" }).fill("20");
    await expectAccessible(page, "an application's settings, both together");
  }
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog).toBeHidden();
}

test("a customer turns it on, gives their manager a key, follows the conversation of a repair, and turns it off again", async ({
  person,
  operator,
  stack,
}) => {
  test.setTimeout(180_000);
  const page = await person("Aster");
  let manager: Talker | undefined;

  await test.step("who repairs is chosen, with what each side may do; without a manager it is said that its part is missing", async () => {
    await choose(page, "Both together");
    await expect(vmCard(page, "web-1")).toContainText("Partly protected.");
    await expect(vmCard(page, "web-1")).toContainText("The customer's part is missing");
  });

  const secret = await test.step("a key is made, and shown this once", async () => {
    await page.getByRole("link", { name: "Manager", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your manager");
    await page.getByRole("button", { name: "Make a key" }).click();
    const dialog = page.getByRole("dialog", { name: "Make a key" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("tune-engine");
    await expectAccessible(page, "the dialog of a new key");
    await dialog.getByRole("button", { name: "Make the key" }).click();
    const shown = await dialog.getByRole("code").innerText();
    expect(shown).toMatch(/^blk_/);
    await dialog.getByRole("button", { name: "I have it" }).click();
    const keys = page.getByRole("list", { name: "Keys" });
    await expect(keys).toContainText("tune-engine");
    await expect(keys).toContainText("Change how applications and VMs are protected.");
    return shown;
  });

  try {
    await test.step("the manager connects, and the page says so at once", async () => {
      manager = await talk({
        url: stack.server.url,
        key: secret,
        name: "tune-engine",
        react({ data }, say) {
          if (data.kind === "repair.proposed") say({ kind: "repair.accepted", repair: data.repair });
          if (data.kind !== "vm.restarted") return;
          const { repair } = data;
          say({ kind: "repair.phase", repair, phase: "deploying", percent: 100, words: "The pages are there." });
          say({ kind: "repair.phase", repair, phase: "starting", percent: 100, words: "The web server runs." });
          say({ kind: "repair.completed", repair, words: "The shop is open again." });
        },
      });
      await expect(page.getByText("It is the one that is heard.")).toBeVisible();
      await expectAccessible(page, "the page of a customer's manager");
    });

    await test.step("a VM is killed; provider and customer repair it, and both are read word for word", async () => {
      const vm = await operator.vm("web-1");
      await operator.kill(vm);
      await page.goto("/");
      await expectLive(page);
      await page.getByRole("link", { name: "Evidence and all steps" }).first().click({ timeout: 30_000 });
      const said = page.getByRole("list", { name: "What both said" });
      await expect(said).toContainText("web-1 failed", { timeout: 30_000 });
      await expect(said).toContainText("Accepted");
      await expect(said).toContainText("Customer · tune-engine");
      await expect(said).toContainText("web-1 is back", { timeout: 90_000 });
      await expect(said).toContainText("The shop is open again.");
      await expect(said).toContainText("Repaired", { timeout: 60_000 });
      await expect(said).not.toContainText("host-");
      await expectAccessible(page, "an incident with its conversation");
    });
  } finally {
    manager?.close();
  }

  await test.step("it is turned off again", async () => {
    await page.goto("/");
    await expectLive(page);
    await choose(page, "The provider alone");
    await expect(vmCard(page, "web-1")).toContainText("Protected.");
  });
});

test("a key that is revoked ends its manager's connection; another customer sees none of it", async ({ person }) => {
  const page = await person("Aster");
  await page.goto("/access");
  await page.getByRole("button", { name: "Revoke the key tune-engine" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke it" }).click();
  await expect(page.getByText("A manager of yours needs one")).toBeVisible();
  const other = await person("Birch");
  await other.goto("/access");
  await expect(other.getByText("None ever connected.")).toBeVisible();
});
