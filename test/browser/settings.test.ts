/** Policies and settings: what a person changes there is changed where it counts. */
import { generateKeyPairSync } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectForEverybody, openPage, startBrowser } from "./browser.ts";
import { addWebhook, clientOf, FINANCE, keyFileOf, proposeTighterPolicy } from "./scene.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(() => browser.close());

async function itemOf(path: string, id: string): Promise<unknown> {
  const role = path === "/v1/policies" ? "operator" : "admin";
  const answered = await (await clientOf("olga", role)).get(path);
  if (!answered.ok) throw new Error(answered.error.detail);
  const { items } = answered.value.body as { items: { id?: string; version?: string }[] };
  return items.find((item) => item.id === id || item.version === id);
}

it("a policy is read as a difference, decided over what was recorded, and activated by a signature", async () => {
  const version = await proposeTighterPolicy(245_000);
  const looking = { sub: FINANCE, roles: ["approver"] } as const;
  const { page, close } = await openPage(browser, `/console/policies/${version}`, looking);
  const difference = page.getByRole("region", { name: /^From pol_/ });
  await difference.waitFor();
  expect(await difference.innerText()).toMatch(/− +"value": 250000[^]*\+ +"value": 245000/);
  await page.getByRole("button", { name: "Decide them again" }).click();
  await page.getByText("Would stop").waitFor();
  await page.getByRole("heading", { name: "Against what people decided" }).waitFor();
  await page.getByText("Activate by a signature").click();
  await page.getByLabel(/^Reason/).fill("a lower limit");
  await page.getByLabel(/^Your key file/).setInputFiles(keyFileOf(FINANCE));
  await page.getByRole("button", { name: "Sign the activation" }).click();
  await page.getByText("Activate by a signature").waitFor({ state: "detached" });
  expect(await itemOf("/v1/policies", version)).toMatchObject({
    state: "active",
    activatedBy: FINANCE,
  });
  await close();
});

it("an agent is banned and let in again", async () => {
  const { page, close } = await openPage(browser, "/console/settings/agents");
  await page.getByRole("button", { name: "Ban agent.analyst" }).click();
  await page.getByRole("button", { name: "Ban it" }).click();
  await page.getByRole("button", { name: "Lift the ban on agent.analyst" }).waitFor();
  expect(await itemOf("/v1/agents", "agent.analyst")).toMatchObject({ banned: true });
  await page.getByRole("button", { name: "Lift the ban on agent.analyst" }).click();
  await page.getByRole("button", { name: "Lift the ban", exact: true }).click();
  await page.getByRole("button", { name: "Ban agent.analyst" }).waitFor();
  expect(await itemOf("/v1/agents", "agent.analyst")).toMatchObject({ banned: false });
  await close();
});

it("a policy on trial is put there by a person, and what it contradicts is named", async () => {
  const version = await proposeTighterPolicy();
  const { page, close } = await openPage(browser, `/console/policies/${version}`);
  await page.route("**/shadow", async (route) => {
    if (!(route.request().postData() ?? "").includes("recorded")) return route.continue();
    const response = await route.fetch();
    const run = (await response.json()) as Record<string, unknown>;
    const found = { missionId: "msn_x", nodeId: "approve", seq: 21, person: FINANCE };
    const contradictions = [{ ...found, kind: "approved_now_blocked" }];
    return route.fulfill({ response, json: { ...run, contradictions } });
  });
  await page.getByRole("button", { name: "Decide them again" }).click();
  await page.getByText("approved what this version would block").waitFor();
  await page.getByRole("button", { name: "Put it on trial" }).click();
  await page
    .getByRole("group", { name: "Put it on trial" })
    .getByRole("button", { name: "Put it on trial" })
    .click();
  await page.getByRole("button", { name: "End the trial" }).waitFor();
  expect(await itemOf("/v1/policies", version)).toMatchObject({ state: "shadow" });
  await expectForEverybody(page, "policy-trial");
  await close();
});

it("an approver is registered with key, groups and hours, changed and removed", async () => {
  const { page, close } = await openPage(browser, "/console/settings/approvers");
  const { publicKey } = generateKeyPairSync("ed25519");
  await page.getByText("Register an approver").click();
  await page.getByLabel(/^Id,/).fill("pia.legal");
  await page.getByLabel("Name").fill("Pia Legal");
  await page.getByLabel(/^Groups/).fill("legal, board");
  await page.getByLabel(/^Time zone/).fill("Europe/Berlin");
  await page.getByLabel(/^Public keys/).fill("no json");
  await page.getByRole("button", { name: "Register the approver" }).click();
  await page.getByText("A public key is no JSON").waitFor();
  await page.getByLabel(/^Public keys/).fill(JSON.stringify(publicKey.export({ format: "jwk" })));
  await expectForEverybody(page, "approver-new");
  await page.getByRole("button", { name: "Register the approver" }).click();
  await page.getByRole("heading", { name: /Pia Legal/ }).waitFor();
  expect(await itemOf("/v1/approvers", "pia.legal")).toMatchObject({
    groups: ["legal", "board"],
    hours: { timeZone: "Europe/Berlin", days: [1, 2, 3, 4, 5], from: "08:00", to: "18:00" },
  });
  await page.getByLabel(/^Groups/).fill("legal");
  await page.getByLabel(/^Time zone/).fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Pia Legal is saved").waitFor({ state: "attached" });
  const changed = await itemOf("/v1/approvers", "pia.legal");
  expect(changed).toMatchObject({ groups: ["legal"] });
  expect(changed).not.toHaveProperty("hours");
  await expectForEverybody(page, "approver");
  await page.getByRole("button", { name: "Remove Pia Legal" }).click();
  const question = page.getByRole("group", { name: "Remove Pia Legal" });
  await page.locator("[role=group]:focus").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("button:focus", { hasText: "Remove Pia Legal" }).waitFor();
  await page.keyboard.press("Enter");
  await question.getByRole("button", { name: "Remove Pia Legal" }).click();
  await page.getByRole("table").waitFor();
  expect(await itemOf("/v1/approvers", "pia.legal")).toBeUndefined();
  await page.getByRole("link", { name: "changes" }).click();
  await page.getByText(/removed approver/).waitFor();
  await expectForEverybody(page, "changes");
  await close();
});

it("an endpoint's secret is shown once, its key rotates with an overlap, and a test is on record", async () => {
  const { page, close } = await openPage(browser, "/console/settings/webhooks");
  await page.getByText("Add an endpoint").click();
  await page.getByLabel(/^Address/).fill("https://tests.example/in");
  await page.getByLabel("Signature").selectOption("v1");
  await page.getByRole("button", { name: "Add the endpoint" }).click();
  await page.getByText(/^whsec_/).waitFor();
  await expectForEverybody(page, "webhook-secret");
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByText(/^whsec_/).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "https://tests.example/in" }).click();
  const confirm = async (name: string) => {
    await page.getByRole("button", { name }).click();
    await page.getByRole("group", { name }).getByRole("button", { name }).click();
  };
  await confirm("Rotate the key");
  await page.getByText(/^whsec_/).waitFor();
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByText(/^since .* until /).waitFor();
  await confirm("Disable it");
  await page.getByText("by an admin").waitFor();
  await confirm("Send a test");
  await page.getByText(/test, attempt 1/).waitFor({ timeout: 30_000 });
  await expectForEverybody(page, "endpoint");
  await confirm("Enable it again");
  await page.getByRole("button", { name: "Disable it" }).waitFor();
  await confirm("Remove it");
  await page.getByRole("heading", { name: "Settings: webhooks" }).waitFor();
  await page.getByText("Add an endpoint").waitFor();
  expect(await page.getByText("tests.example").count()).toBe(0);
  await close();
});

it("a delivery shows what was answered, and is sent again", async () => {
  await addWebhook();
  const { page, close } = await openPage(browser, "/console/settings/webhooks");
  const delivery = {
    id: `msg_${"0".repeat(32)}`,
    endpointId: "",
    type: "sekisho.mission.sealed",
    cause: "event",
    run: 0,
    attempt: 3,
    status: 500,
    outcome: "failed",
    detail: "answered 500",
    excerpt: "database is locked; try again",
    durationMs: 41,
    at: "2027-01-04T09:30:00.000Z",
  };
  let redelivered = 0;
  await page.route("**/deliveries?limit=100", (route) =>
    route.fulfill({ json: { items: [delivery], nextCursor: null } }),
  );
  await page.route("**/redelivery", (route) => {
    redelivered += 1;
    return route.fulfill({ status: 202, json: {} });
  });
  await page.getByRole("link", { name: "https://hooks.example/sekisho" }).first().click();
  await page.getByText("database is locked").waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByText("It is on its way again").waitFor({ state: "attached" });
  expect(redelivered).toBe(1);
  await expectForEverybody(page, "deliveries");
  await close();
});

it("a hook's secret is shown once and rotates", async () => {
  const { page, close } = await openPage(browser, "/console/settings/hooks");
  await page.getByText("No other system").waitFor();
  await page.getByText("Add a hook").click();
  await page.getByLabel("Title").fill("The ticket desk");
  await page.getByRole("button", { name: "Add the hook" }).click();
  const first = await page.getByText(/^whsec_/).innerText();
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("button", { name: "Rotate the secret" }).click();
  await page.getByRole("button", { name: "Rotate it" }).click();
  expect(await page.getByText(/^whsec_/).innerText()).not.toBe(first);
  await expectForEverybody(page, "hooks");
  await close();
});

it("an agent's trust and grants are shown", async () => {
  const { page, close } = await openPage(browser, "/console/settings/agents/agent.buyer");
  await page.getByText("It has no grant.").waitFor();
  await page.getByText("Streak").waitFor();
  await expectForEverybody(page, "agent");
  await close();
});
