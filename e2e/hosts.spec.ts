import { expectAccessible } from "./support/axe.ts";
import { expect, expectLive, test, vmCard } from "./support/test.ts";

/** On the simulated cloud: a person makes a host safe, moves its VM off it, and takes it back into use. */

test("a provider takes a power switch away and adds one, sees it tested, and the host is protected again", async ({
  person,
  stack,
}) => {
  const page = await person("Provider", { at: stack.simulated });
  await page.getByRole("link", { name: "host-2", exact: true }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("host-2");
  const protection = page.getByRole("region", { name: "Protection" });
  await expect(protection.getByText("Protected.", { exact: true })).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: /^Remove power switch/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(protection).toContainText("Not protected.");

  const owner = await person("Aster", { at: stack.simulated });
  const theirs = vmCard(owner, "web-2");
  await expect(theirs).toContainText("Not protected if its host fails: Its host could not be proven off");
  await expect(owner.locator("body")).not.toContainText("host-2");

  await page.getByRole("button", { name: "Add a power switch" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a power switch of host-2" });
  await dialog.getByLabel("Agent").fill("/bin/sh");
  await dialog.getByLabel("Options").fill("host=host-2\npassword=hunter2");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toContainText("must be the name of a fence agent");
  await expectAccessible(page, "the dialog of a power switch");
  await dialog.getByLabel("Agent").fill("fence_sim");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();

  const switches = page.getByRole("region", { name: "Power switches" });
  await expect(switches).toContainText("password=(kept secret)");
  await expect(switches.getByText("Works")).toBeVisible({ timeout: 30_000 });
  await expect(protection.getByText("Protected.", { exact: true })).toBeVisible();
  await expect(theirs).not.toContainText("if its host fails"); // by itself, without a reload
  await expect(theirs).toContainText("Protected.");
  await expect(page.locator("body")).not.toContainText("hunter2");
});

test("maintenance: what would happen is shown first; then the VM moves while it runs, and the host is used again", async ({
  person,
  stack,
}) => {
  test.setTimeout(120_000);
  const page = await person("Provider", { at: stack.simulated });
  const setting = page.getByRole("dialog", { name: /^Settings of/ });

  await test.step("its owner forbids the move, is told what that means, and allows it again", async () => {
    const owner = await person("Aster", { at: stack.simulated });
    const card = vmCard(owner, "web-1");
    const choose = async (consent: string) => {
      await card.getByRole("button", { name: "Settings of web-1" }).click();
      const own = owner.getByRole("dialog", { name: "Settings of web-1" });
      await own.getByRole("combobox", { name: "What Belay may do when it fails" }).click();
      await owner.getByRole("option", { name: consent, exact: true }).click();
      await expect(own.getByLabel("Priority")).toHaveCount(0);
      await own.getByRole("button", { name: "Save" }).click();
      await expect(own).toBeHidden();
    };
    await choose("Restart the VM where it is");
    await expect(card).toContainText("Its owner does not allow a start on another host.");
    await choose("Start the VM on another host");
    await expect(card).not.toContainText("if its host fails", { timeout: 30_000 });
  });

  await test.step("the host's rack is named", async () => {
    await page.getByRole("link", { name: "host-1", exact: true }).first().click();
    await page.getByRole("button", { name: "Change rack and storage" }).click();
    await expect(setting.getByLabel("Shared directories")).toHaveValue("/srv/belay");
    await setting.getByLabel("Rack").fill("r1");
    await setting.getByRole("button", { name: "Save" }).click();
    await expect(setting).toBeHidden();
    await expect(page.getByRole("region", { name: "Facts" })).toContainText("r1");
  });

  const maintenance = page.getByRole("region", { name: "Maintenance" });
  await test.step("the preview says where it would go", async () => {
    await maintenance.getByRole("button", { name: "Preview" }).click();
    await expect(maintenance.getByRole("list", { name: "What would happen" })).toContainText(/web-1.*to host-[23]/);
    await expectAccessible(page, "a host's page with its preview");
  });

  await test.step("it moves, and the host is empty; what is typed about it meanwhile stays", async () => {
    const map = await person("Provider", { at: stack.simulated });
    await vmCard(map, "web-1").getByRole("button", { name: "Settings of web-1" }).click();
    const typed = map.getByRole("dialog", { name: "Settings of web-1" }).getByLabel("Keep together: group");
    await typed.fill("not saved yet");
    await maintenance.getByRole("button", { name: "Begin maintenance of host-1" }).click();
    await expect(maintenance.getByRole("list", { name: "VMs and their way off the host" })).toContainText("Moved", {
      timeout: 60_000,
    });
    await expect(page.getByRole("list", { name: "VMs of host-1" })).toHaveCount(0);
    await expect(page.getByRole("main")).toContainText("Maintenance");
    await expect(vmCard(map, "web-1")).toContainText(/on host host-[23]/);
    await expect(typed).toHaveValue("not saved yet");
  });

  await test.step("the host is used again", async () => {
    await maintenance.getByRole("button", { name: "End maintenance" }).click();
    await expect(maintenance.getByRole("button", { name: "Preview" })).toBeVisible();
    await page.getByRole("link", { name: "Cloud", exact: true }).first().click();
    await expect(vmCard(page, "web-1")).toContainText("Running");
    await expect(vmCard(page, "web-1")).toContainText(/on host host-[23]/);
  });
});

test("settings: the policy is changed, and a hook is added and removed; a customer finds no such page", async ({
  person,
  stack,
}) => {
  const page = await person("Provider", { at: stack.simulated });
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByLabel("Storm guard, percent of hosts").fill("40");
  await page.getByRole("button", { name: "Save the policy" }).click();
  await expect(page.getByRole("button", { name: "Save the policy" })).toBeDisabled();
  await page.reload();
  await expectLive(page);
  await expect(page.getByLabel("Storm guard, percent of hosts")).toHaveValue("40");

  const offer = page.getByRole("region", { name: "What customers may have" });
  await offer.getByRole("switch", { name: "Belay makes VMs for customers" }).click();
  await offer.getByLabel("Bridge").fill("br0");
  await offer.getByLabel("First address").fill("198.18.7.10");
  await offer.getByLabel("Last address").fill("198.18.7.9");
  await offer.getByLabel("Gateway").fill("198.18.7.1");
  await offer.getByRole("checkbox", { name: "Nobody" }).click();
  await offer.getByRole("button", { name: "Save the offer" }).click();
  await expect(offer.getByRole("alert")).toContainText("before");
  await offer.getByLabel("Last address").fill("198.18.7.99");
  await offer.getByRole("button", { name: "Save the offer" }).click();
  await expect(offer.getByRole("button", { name: "Save the offer" })).toBeDisabled();
  await page.reload();
  await expectLive(page);
  await expect(offer.getByLabel("Last address")).toHaveValue("198.18.7.99");
  await expect(offer.getByRole("checkbox", { name: "Nobody" })).not.toBeChecked();
  await offer.getByRole("switch", { name: "Belay makes VMs for customers" }).click();
  await offer.getByRole("checkbox", { name: "Nobody" }).click();
  await offer.getByRole("button", { name: "Save the offer" }).click();
  await expect(offer.getByRole("button", { name: "Save the offer" })).toBeDisabled();

  await page.getByRole("button", { name: "Add a hook" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a hook" });
  await dialog.getByLabel("Program").fill("../sh");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toContainText("without a path");
  await dialog.getByLabel("Program").fill("page-oncall");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("list", { name: "Hooks" })).toContainText("page-oncall");
  await page.getByRole("button", { name: "Remove hook page-oncall" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("list", { name: "Hooks" })).toHaveCount(0);

  const customer = await person("Aster", { at: stack.simulated });
  await expect(customer.getByRole("link", { name: "Settings", exact: true })).toHaveCount(0);
  await customer.goto("/settings");
  await expect(customer.getByRole("heading", { level: 1 })).toHaveText("Nothing here");
});
