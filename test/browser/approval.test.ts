/**
 * A person decides: the request read whole, signed with a key file in the page, by mouse and by keyboard alone.
 * What was signed is checked where it counts, in the mission's own trace.
 */
import { writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, inject, it } from "vitest";
import { shortDigest, verifyApprovalStatement } from "../../shared/approval/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { expectForEverybody, openPage, startBrowser, tokenFor } from "./browser.ts";
import { askFinance, clientOf, FINANCE, keyFileOf, nodeOf, openMission } from "./scene.ts";

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
const signButton = (page: Page) => page.getByRole("button", { name: /^Sign( |$)(?!out|in)/ });

/** An authenticator that Chromium plays: it verifies its person and keeps passkeys. */
async function addAuthenticator(
  context: BrowserContext,
  page: Page,
  hasResidentKey = true,
): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

async function newestEvent(type: string): Promise<TraceEvent> {
  const answered = await (
    await clientOf("olga", "operator")
  ).get(`/v1/missions/${missionId}/trace?limit=200`);
  if (!answered.ok) throw new Error(answered.error.detail);
  const { items } = answered.value.body as { items: TraceEvent[] };
  const found = items.findLast((event) => event.type === type);
  if (found === undefined) throw new Error(`the trace has no ${type}`);
  return found;
}

it("the inbox shows who asks for what, and leads to the request", async () => {
  const { page, close } = await openPage(browser, "/console/inbox", AS_FINANCE);
  const { request } = await nodeOf(missionId, "approve");
  const digest = shortDigest(request?.gateDigest ?? "");
  const card = page.getByRole("article").filter({ hasText: digest });
  await card.waitFor();
  const text = await card.innerText();
  for (const said of ["vendor.switch", "amountUsd 240,000", "0 of 1 (from finance)", "risk 4"]) {
    expect(text).toContain(said);
  }
  await card.getByRole("link", { name: /Approve a switch/ }).click();
  await page.getByText(digest).first().waitFor();
  expect(new URL(page.url()).pathname).toBe(requestAddress());
  await close();
});

it("an approval signed in the page is recorded with exactly the digest that was shown", async () => {
  const { page, close } = await openPage(browser, requestAddress(), AS_FINANCE);
  await page.getByRole("heading", { name: "Exactly this" }).waitFor();
  await page.getByText("The gate says").waitFor();
  await page.getByText("Nobody has approved this node before").waitFor();
  await page.getByText("somebody of finance").waitFor();
  expect(await signButton(page).isDisabled()).toBe(true);
  await page.getByLabel(/^Approve:/).check();
  await page.getByLabel(/^Reason/).fill("Quote 8841 is in order");
  await page.getByLabel("a key file").check();
  expect(await signButton(page).isDisabled()).toBe(true);
  await page.getByLabel(/^Your key file/).setInputFiles(keyFileOf(FINANCE));
  const { request } = await nodeOf(missionId, "approve");
  await page.getByRole("button", { name: "Sign the approval" }).click();
  await page.getByText("nobody is asked to decide").waitFor();
  const granted = await newestEvent("approval.granted");
  const { kid, jwk } = granted.data as { kid: string; jwk: never };
  const verified = verifyApprovalStatement(granted.approvalSignature ?? "", [{ kid, jwk }]);
  expect(verified.ok && verified.value.statement).toMatchObject({
    missionId,
    nodeId: "approve",
    gateDigest: request?.gateDigest,
    decision: "approve",
    approver: FINANCE,
    reason: "Quote 8841 is in order",
  });
  expect((await nodeOf(missionId, "approve")).state).toBe("DONE");
  await close();
});

it("a denial can be given by keyboard alone", async () => {
  const { page, close } = await openPage(browser, requestAddress(), AS_FINANCE);
  await page.getByText("The gate says").waitFor();
  const focusName = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      const label = activeElement?.closest("label")?.textContent;
      return `${label ?? activeElement?.textContent ?? ""}`;
    });
  const tabTo = async (name: RegExp) => {
    for (let press = 0; press < 60; press += 1) {
      if (name.test(await focusName())) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab never reached ${name}`);
  };
  // Asked for early: the browser must know that nobody looks at its dialog before it opens one.
  const chosen = page.waitForEvent("filechooser");
  await tabTo(/^Approve:/);
  await page.keyboard.press("ArrowDown");
  expect(await page.getByLabel(/^Deny:/).isChecked()).toBe(true);
  await tabTo(/^Reason/);
  await page.keyboard.type("The quote has expired");
  await page.keyboard.press("Enter");
  expect((await nodeOf(missionId, "approve")).request).not.toBeNull();
  // Nobody has registered a passkey for her yet, so a key file is what she is asked for.
  await tabTo(/^a key file/);
  await tabTo(/^Your key file/);
  await page.keyboard.press("Enter");
  await (await chosen).setFiles(keyFileOf(FINANCE));
  await page.getByRole("button", { name: "Forget it" }).waitFor();
  await tabTo(/^Sign the denial$/);
  await page.keyboard.press("Enter");
  await page.getByText("nobody is asked to decide").waitFor();
  const denied = await newestEvent("approval.denied");
  expect(denied.data["approver"]).toBe(FINANCE);
  expect(denied.data["reason"]).toContain("The quote has expired");
  await close();
});

it("a key that is not the approver's decides nothing, and the page says why", async () => {
  const { page, close } = await openPage(browser, requestAddress(), AS_FINANCE);
  await page.getByLabel(/^Approve:/).check();
  await page.getByLabel(/^Reason/).fill("with another key");
  await page.getByLabel("a key file").check();
  await page.getByLabel(/^Your key file/).setInputFiles(keyFileOf("noor.audit"));
  await page.getByRole("button", { name: "Sign the approval" }).click();
  await page.getByRole("alert").getByText("approval_signature_invalid").waitFor();
  expect((await nodeOf(missionId, "approve")).request?.have).toBe(0);
  // The refusal itself is one line on the browser's console, and the only one.
  await close(/422|403/);
});

it.each([
  { kind: "that the device discovers", hasResidentKey: true },
  { kind: "that answers by name alone", hasResidentKey: false },
])("a passkey $kind signs exactly what was shown", async ({ hasResidentKey }) => {
  const origin = inject("url").replace("127.0.0.1", "localhost");
  const { page, context, close } = await openPage(browser, "/console/", { allowed: [origin] });
  await addAuthenticator(context, page, hasResidentKey);
  const admin = await tokenFor("olga", ["admin"]);
  await page.goto(`${origin}/console/settings/approvers#token=${admin}`);
  await page.getByRole("button", { name: "Register a passkey of Mina Okonkwo" }).click();
  await page.getByText("has a new passkey").waitFor({ state: "attached" });
  const person = await tokenFor(FINANCE, ["approver"]);
  await page.goto(`${origin}${requestAddress()}#token=${person}`);
  await page.getByLabel(/^Approve:/).check();
  await page.getByLabel(/^Reason/).fill("by my own hand");
  // Whoever has a passkey is asked for it first.
  await page.getByRole("radio", { name: "a passkey", checked: true }).waitFor();
  if (hasResidentKey) await expectForEverybody(page, "request-passkey");
  const { request } = await nodeOf(missionId, "approve");
  await page.getByRole("button", { name: "Sign the approval" }).click();
  await page.getByText("nobody is asked to decide").waitFor();
  const granted = await newestEvent("approval.granted");
  expect(granted.data).toMatchObject({ approver: FINANCE, gateDigest: request?.gateDigest });
  expect(granted.data["passkey"]).toBeDefined();
  expect((await nodeOf(missionId, "approve")).state).toBe("DONE");
  // Chromium remarks that RSA is not offered: it is refused, docs/decisions/0024.
  await close(/pubKeyCredParams/);
});

it("a person who turns away from the passkey has signed nothing", async () => {
  const origin = inject("url").replace("127.0.0.1", "localhost");
  const { page, context, close } = await openPage(browser, "/console/", { allowed: [origin] });
  // No credential on it: nothing can answer.
  await addAuthenticator(context, page);
  const person = await tokenFor(FINANCE, ["approver"]);
  await page.goto(`${origin}${requestAddress()}#token=${person}`);
  await page.getByLabel(/^Approve:/).check();
  await page.getByLabel(/^Reason/).fill("not really");
  await page.getByLabel("a passkey").check();
  await page.getByRole("button", { name: "Sign the approval" }).click();
  await page.getByText("Nothing was signed").waitFor();
  expect((await nodeOf(missionId, "approve")).request?.have).toBe(0);
  await close();
});

it("what is no key file is refused in the page", async () => {
  const { page, close } = await openPage(browser, requestAddress(), AS_FINANCE);
  const file = path.join(mkdtempSync(path.join(tmpdir(), "sekisho-key-")), "no.jwk");
  writeFileSync(file, '{"kty":"OKP","crv":"Ed25519","x":"AA"}');
  await page.getByLabel("a key file").check();
  await page.getByLabel(/^Your key file/).setInputFiles(file);
  await page.getByText("This is no private key as a JWK.").waitFor();
  await close();
});

it("who is no approver reads the request and has nothing to sign with", async () => {
  const { page, close } = await openPage(browser, requestAddress());
  await page.getByText("decide nothing").waitFor();
  expect(await signButton(page).count()).toBe(0);
  await close();
});
