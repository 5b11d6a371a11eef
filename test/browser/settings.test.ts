/** Policies and settings: what a person changes there is changed where it counts. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPage, startBrowser } from "./browser.ts";
import { clientOf, FINANCE, keyFileOf, proposeTighterPolicy } from "./scene.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(() => browser.close());

async function itemOf(path: string, id: string): Promise<unknown> {
  const role = path === "/v1/agents" ? "admin" : "operator";
  const answered = await (await clientOf("olga", role)).get(path);
  if (!answered.ok) throw new Error(answered.error.detail);
  const { items } = answered.value.body as { items: { id?: string; version?: string }[] };
  return items.find((item) => item.id === id || item.version === id);
}

it("a policy is read as a difference, decided over what was recorded, and activated by a signature", async () => {
  const version = await proposeTighterPolicy();
  const looking = { sub: FINANCE, roles: ["approver"] } as const;
  const { page, close } = await openPage(browser, `/console/policies/${version}`, looking);
  const difference = page.getByRole("region", { name: /^From pol_/ });
  await difference.waitFor();
  expect(await difference.innerText()).toMatch(/− +"value": 250000[^]*\+ +"value": 100000/);
  await page.getByRole("button", { name: "Decide them again" }).click();
  await page.getByText("Would stop").waitFor();
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
  await page.getByRole("button", { name: "Lift the ban on agent.analyst" }).waitFor();
  expect(await itemOf("/v1/agents", "agent.analyst")).toMatchObject({ banned: true });
  await page.getByRole("button", { name: "Lift the ban on agent.analyst" }).click();
  await page.getByRole("button", { name: "Ban agent.analyst" }).waitFor();
  expect(await itemOf("/v1/agents", "agent.analyst")).toMatchObject({ banned: false });
  await close();
});
