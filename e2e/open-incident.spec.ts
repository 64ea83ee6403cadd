import { runOnHost } from "../lab/index.ts";
import { expectAccessible } from "./support/axe.ts";
import { expect, incidentCard, test, vmCard } from "./support/test.ts";

/** web-3's owner only wants to be told, so its incident stays open for as long as the test looks at it. */
test("an incident that is handed over stays open with its reason, in light and dark", async ({
  person,
  operator,
  stack,
}) => {
  test.setTimeout(120_000);
  await operator.setConsent("web-3", "notify");
  const pages = [
    await person("Provider"),
    await person("Provider", { dark: true }),
    await person("Birch", { dark: true }),
  ];
  const [admin] = pages;
  if (admin === undefined) throw new Error("no page");
  await expect(vmCard(admin, "web-3")).toContainText("Not protected. Its owner only wants to be told of failures.");
  await vmCard(admin, "web-3").getByRole("button", { name: "Kill VM web-3" }).click();
  await expectAccessible(admin, "the dialog");
  await admin.getByRole("dialog").getByRole("button", { name: "Kill web-3" }).click();
  for (const page of pages) {
    const card = incidentCard(page, "web-3");
    await expect(card.getByText("Handed over", { exact: true })).toBeVisible();
    await expect(card.getByRole("timer", { name: "Time since web-3 failed" })).toBeVisible();
    await expect(card).toContainText("Its owner allows");
    await expect(vmCard(page, "web-3")).toContainText("Stopped");
    await expectAccessible(page, `open incident, ${page.url()}`);
  }
  await test.step("the button of a VM that does not run says why it cannot be used", async () => {
    const button = vmCard(admin, "web-3").getByRole("button", { name: "Kill VM web-3" });
    await expect(button).toBeDisabled();
    await expect(button).toHaveAccessibleDescription("The VM is not running.");
    await button.click({ force: true });
    await expect(admin.getByRole("dialog")).toBeHidden();
  });
  await incidentCard(admin, "web-3").getByRole("link", { name: "Evidence and all steps" }).click();
  await expect(admin.getByRole("region", { name: "Repair" })).toContainText("No repair was begun.");
  await expectAccessible(admin, "an open incident's page");

  await operator.setConsent("web-3", "restart-vm");
  if (stack.lab !== null) {
    await test.step("a person starts it on its host, and the incident closes", async () => {
      const { name } = await operator.hostOf(await operator.vm("web-3"));
      await runOnHost(stack.lab ?? "", name, ["virsh", "start", "web-3"]);
      await admin.getByRole("link", { name: "Cloud", exact: true }).click();
      await expect(incidentCard(admin, "web-3").getByText("Cleared", { exact: true })).toBeVisible({ timeout: 30_000 });
    });
  }
});
