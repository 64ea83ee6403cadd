import type { IncidentView } from "../lib/contract/index.ts";
import { expect, incidentCard, test, vmCard } from "./support/test.ts";
import { ear, notes } from "./support/watch.ts";

/** web-1 is of Aster's application shop; Birch has the application blog, with web-3. */

test("a VM that is killed by its button is seen to fail and to come back, by its provider and its owner and nobody else", async ({
  person,
  operator,
  stack,
}) => {
  test.setTimeout(120_000);
  const [before, host] = await operator.vm("web-1").then(async (vm) => [vm, await operator.hostOf(vm)] as const);
  const hostNames = (await operator.cloud()).hosts.map((it) => it.name);
  const admin = await person("Provider");
  const [ownerEar, otherEar] = [ear(), ear()];
  const owner = await person("Aster", { before: ownerEar.listen });
  const other = await person("Birch", { before: otherEar.listen });

  const chart = admin.getByRole("img", { name: "Requests per second of shop" });
  await expect(chart).toHaveAccessibleName(/[1-9]\d* answered and 0 failed per second/);
  const cardTexts = await notes(vmCard(admin, "web-1"), "text");
  const chartLabels = await notes(chart, "label");
  const otherTexts = await notes(other.getByRole("main"), "text");

  await test.step("the dialog names everything that will be hit", async () => {
    await vmCard(admin, "web-1").getByRole("button", { name: "Kill VM web-1" }).click();
    const dialog = admin.getByRole("dialog", { name: "Kill VM web-1?" });
    for (const hit of ["web-1", "shop", "Aster", host.name, `run ${before.runId}`])
      await expect(dialog).toContainText(hit);
    await expect(dialog).toContainText(/are lost: the application gets about \d+ per second/);
    await dialog.getByRole("button", { name: "Kill web-1" }).dblclick();
    await expect(admin.getByRole("alert").filter({ hasText: "Kill web-1" })).toBeVisible();
  });

  await test.step("the incident opens, with a stopwatch, and closes with its three times", async () => {
    for (const page of [admin, owner]) {
      await expect(incidentCard(page, "web-1")).toContainText("The VM's process died.");
    }
    const card = incidentCard(admin, "web-1");
    await expect(card.getByText("Repaired", { exact: true })).toBeVisible({ timeout: 60_000 });
    const times = card.getByRole("list", { name: "Times of the incident" });
    await expect(times).toContainText(/Tp failed\d\d:\d\d:\d\d\.\d{3}/);
    await expect(times).toContainText(/Tp → Td, detection/);
    await expect(times).toContainText(/Td detected\d\d:\d\d:\d\d\.\d{3}/);
    await expect(times).toContainText(/Td → Tr, repair/);
    await expect(times).toContainText(/Tr answers again\d\d:\d\d:\d\d\.\d{3}/);
    await expect(card.getByRole("list", { name: "Steps of the repair" })).toContainText("verify: done");
  });

  await test.step("the VM was stopped, and runs again: once", async () => {
    await expect(vmCard(admin, "web-1")).toContainText("Running");
    // libvirt makes a guest's process paused and then lets it go: seen or not, it is part of the start.
    const states = (await cardTexts()).flatMap((text) => /Running|Stopped|Crashed/.exec(text)?.[0] ?? []);
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual(["Running", "Stopped", "Running"]);
    const after = await operator.vm("web-1");
    expect(after).toMatchObject({ state: "running", uuid: before.uuid });
    expect(after.runId).not.toBe(before.runId);
  });

  await test.step("requests were lost, and are answered again", async () => {
    await expect(chart).toHaveAccessibleName(/[1-9]\d* answered and 0 failed per second/);
    const failed = (await chartLabels()).map((label) => Number(/(\d+) failed in all/.exec(label)?.[1] ?? 0));
    expect(Math.max(...failed)).toBeGreaterThan(failed[0] ?? 0);
  });

  const incident = await newestOf("web-1", await operator.cloud());
  await test.step("its page has evidence, times and steps; the history has its line", async () => {
    await incidentCard(admin, "web-1").getByRole("link", { name: "Evidence and all steps" }).click();
    await expect(admin.getByRole("heading", { level: 1 })).toHaveText("web-1: the VM's process died");
    await expect(admin.getByRole("region", { name: "Evidence" })).toContainText("process");
    await expect(admin.getByRole("region", { name: "Repair: revive-vm" })).toContainText("bring up: done");
    await admin.getByRole("link", { name: "All incidents" }).click();
    await expect(admin.getByRole("img", { name: /Columns of the last \d+ incidents/ })).toBeVisible();
    await expect(admin.getByRole("row", { name: /web-1.*shop.*Repaired/ }).first()).toBeVisible();
  });

  await test.step("its owner saw it, and no host by name", async () => {
    await expect(incidentCard(owner, "web-1").getByText("Repaired", { exact: true })).toBeVisible();
    await expect(owner.getByRole("log", { name: "Events" })).toContainText("Incident of web-1: repaired");
    const heard = [await owner.getByRole("main").innerText(), await ownerEar.heard()].join("\n");
    expect(heard).toContain(incident.id);
    for (const name of hostNames) expect(heard).not.toContain(name);
    expect(heard).not.toContain(host.id);
  });

  await test.step("the other customer heard nothing of it", async () => {
    const shown = [...(await otherTexts()), await other.getByRole("main").innerText()].join("\n");
    const heard = await otherEar.heard();
    expect(shown).toContain("web-3"); // they do see their own
    expect(heard).toContain("web-3");
    const theirs = [incident.id, incident.vmId, before.uuid, before.applicationId ?? "?", before.organizationId ?? "?"];
    for (const secret of [...theirs, ...hostNames, "web-1", "shop", "Aster"]) {
      expect(shown).not.toContain(secret);
      expect(heard).not.toContain(secret);
    }
    await other.goto(`/incidents/${incident.id}`);
    await expect(other.getByRole("main").getByRole("alert")).toBeVisible();
    await expect(other.getByRole("main")).not.toContainText("web-1");
  });

  test.info().annotations.push({ type: "cloud", description: stack.lab === null ? "SIMULATED" : "lab" });
});

test("a kill of a run that has ended is refused, and says so in the dialog", async ({ person, operator }) => {
  const admin = await person("Provider");
  const before = await operator.vm("web-2");
  await vmCard(admin, "web-2").getByRole("button", { name: "Kill VM web-2" }).click();
  const dialog = admin.getByRole("dialog", { name: "Kill VM web-2?" });
  await expect(dialog).toContainText(`run ${before.runId}`);
  const second = await person("Provider");
  await vmCard(second, "web-2").getByRole("button", { name: "Kill VM web-2" }).click();
  await second.getByRole("dialog").getByRole("button", { name: "Kill web-2" }).click();
  await expect(dialog).toContainText("Nothing will be killed", { timeout: 30_000 });
  await expect(dialog.getByRole("button", { name: "Kill web-2" })).toBeDisabled();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(incidentCard(admin, "web-2").getByText("Repaired", { exact: true })).toBeVisible({ timeout: 60_000 });
});

function newestOf(
  vmName: string,
  cloud: { vms: readonly { id: string; name: string }[]; incidents: readonly IncidentView[] },
) {
  const vm = cloud.vms.find((it) => it.name === vmName);
  const [newest] = cloud.incidents.filter((it) => it.vmId === vm?.id).sort((a, b) => b.tp - a.tp);
  if (newest === undefined) throw new Error(`${vmName} has no incident`);
  return newest;
}
