/**
 * Every page, in light and dark, narrow and wide: nothing that WCAG 2.2 AA has to say against it, nothing wider
 * than its window, and nothing on the console (browser.ts watches).
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";
import { expectForEverybody, type Looking, openPage, startBrowser } from "./browser.ts";
import {
  addWebhook,
  askFinance,
  failUntilIncident,
  proposeTighterPolicy,
  FINANCE,
  finish,
  openMission,
} from "./scene.ts";

let browser: Browser;
let missionId: string;
let finishedId: string;
let policyVersion: string;

beforeAll(async () => {
  browser = await startBrowser();
  missionId = await openMission();
  await askFinance(missionId);
  finishedId = await openMission("A switch that is through");
  await askFinance(finishedId);
  await finish(finishedId);
  policyVersion = await proposeTighterPolicy();
  await addWebhook();
  await failUntilIncident(await openMission("A switch whose references do not hold"));
});

afterAll(() => browser.close());

const AS_FINANCE = { sub: FINANCE, roles: ["approver"] } as const;

interface Shown {
  readonly name: string;
  readonly address: () => string;
  /** Seen once the page is what it should be. */
  readonly until: string;
  readonly who?: Pick<Looking, "sub" | "roles">;
}

const PAGES: readonly Shown[] = [
  { name: "sign-in", address: () => "/console/", until: "With a token", who: { roles: [] } },
  { name: "missions", address: () => "/console/missions", until: "references do not hold" },
  {
    name: "mission",
    address: () => `/console/missions/${missionId}`,
    until: "Approve a switch",
  },
  {
    name: "node",
    address: () => `/console/missions/${missionId}?node=approve`,
    until: "People are asked",
  },
  {
    name: "outcome",
    address: () => `/console/missions/${finishedId}?node=execute`,
    until: "What came of it",
  },
  {
    name: "inbox",
    address: () => "/console/inbox",
    until: "0 of 1 (from finance)",
    who: AS_FINANCE,
  },
  {
    name: "request",
    address: () => `/console/inbox/${missionId}/approve`,
    until: "The gate says",
    who: AS_FINANCE,
  },
  { name: "incidents", address: () => "/console/incidents", until: "INC#" },
  { name: "incident", address: () => "/console/incidents/1", until: "What happened around it" },
  { name: "policies", address: () => "/console/policies", until: "vendor-switch" },
  {
    name: "policy",
    address: () => `/console/policies/${policyVersion}`,
    until: "− ",
    who: { roles: ["approver"] },
  },
  { name: "approvers", address: () => "/console/settings/approvers", until: "Mina Okonkwo" },
  { name: "agents", address: () => "/console/settings/agents", until: "Ban agent.buyer" },
  { name: "webhooks", address: () => "/console/settings/webhooks", until: "hooks.example" },
  { name: "nothing", address: () => "/console/no/such/page", until: "There is no such page" },
];

it.each(PAGES)("the page $name is for everybody", async ({ name, address, until, who }) => {
  const { page, close } = await openPage(browser, address(), who);
  await page.getByText(until).first().waitFor();
  await expectForEverybody(page, name);
  await close();
});
