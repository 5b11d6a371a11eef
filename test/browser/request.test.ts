/**
 * What a request says beside the decision: what it releases, whom nobody can replace, what became of approvals given,
 * and the emergency path that one person takes alone.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, inject, it } from "vitest";
import { shortDigest } from "../../shared/approval/index.ts";
import { expectForEverybody, openPage, startBrowser } from "./browser.ts";
import { askFinance, FINANCE, nodeOf, openMission, registerOnDuty } from "./scene.ts";

const ON_DUTY = "dana.duty";
const AS_FINANCE = { sub: FINANCE, roles: ["approver"] } as const;

let browser: Browser;
let missionId: string;

beforeAll(async () => {
  browser = await startBrowser();
});

beforeEach(async () => {
  missionId = await openMission();
  await askFinance(missionId);
});

afterAll(() => browser.close());

const requestAddress = () => `/console/inbox/${missionId}/approve`;

it("a request says what it releases and what it costs", async () => {
  const { page, close } = await openPage(browser, requestAddress(), AS_FINANCE);
  const releases = page.getByRole("region", { name: "What it releases" });
  await releases.waitFor();
  expect(await releases.innerText()).toMatch(/can follow only after it[^]*side effect/);
  await page.getByText("amountUsd 240,000").waitFor();
  await close();
});

it("a request that nobody can grant says so before anything else", async () => {
  const { page, close } = await openPage(browser, "/console/inbox", AS_FINANCE);
  await page.route("**/nodes/approve/approval", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), meetable: false } });
  });
  await page.goto(`${inject("url")}${requestAddress()}`);
  await page.getByText("Nobody can grant this as the directory stands.").waitFor();
  await close();
});

it("who may break glass does so only with a reason and the digest typed, and an incident follows", async () => {
  const keyFile = await registerOnDuty(ON_DUTY);
  const looking = { sub: ON_DUTY, roles: ["approver", "operator"] } as const;
  const { page, close } = await openPage(browser, requestAddress(), looking);
  await page.getByText("Break glass, in an emergency").click();
  const form = page.getByRole("group").filter({ hasText: "You alone stand for every seat" });
  const button = form.getByRole("button", { name: "Break the glass and sign" });
  await form.getByLabel(/^Reason/).fill("The line stands still");
  await form.getByLabel(/^Your key file/).setInputFiles(keyFile);
  expect(await button.isDisabled()).toBe(true);
  await expectForEverybody(page, "break-glass");
  const { request } = await nodeOf(missionId, "approve");
  await form.getByLabel(/^Type the digest/).fill(shortDigest(request?.gateDigest ?? ""));
  await button.click();
  await page.getByText("nobody is asked to decide").waitFor();
  expect((await nodeOf(missionId, "approve")).state).toBe("DONE");
  await page.goto(`${inject("url")}/console/incidents?mission=${missionId}`);
  await page.getByText("The line stands still").first().waitFor();
  await close();
});

it("who may not break glass is not shown how", async () => {
  const { page, close } = await openPage(browser, requestAddress(), AS_FINANCE);
  await page.getByRole("heading", { name: "Decide" }).waitFor();
  await page.getByText("The gate says").waitFor();
  expect(await page.getByText("Break glass").count()).toBe(0);
  await close();
});

it("approvals of one's own that stopped counting are listed with why", async () => {
  const { page, close } = await openPage(browser, "/console/inbox", AS_FINANCE);
  const gateDigest = "ab".repeat(32);
  const item = {
    missionId,
    nodeId: "approve",
    seq: 21,
    gateDigest,
    at: "2027-01-04T09:30:00.000Z",
  };
  const items = [
    { ...item, newGateDigest: "cd".repeat(32), cause: "voided" },
    { ...item, seq: 9, newGateDigest: null, cause: "group_left" },
  ];
  await page.route("**/v1/approvals?state=voided&mine=true", (route) =>
    route.fulfill({ json: { items, nextCursor: null } }),
  );
  await page.getByRole("link", { name: "my voided approvals" }).click();
  await page.getByText("what you approved has changed").waitFor();
  await page.getByRole("link", { name: shortDigest("cd".repeat(32)) }).waitFor();
  await expectForEverybody(page, "voided");
  await close();
});
