/** Signing in and out: where a token may stand, how long it stays, and who is let in. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { openPage, startBrowser, tokenFor } from "./browser.ts";
import { ISSUER_SUBJECT } from "./issuer.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(() => browser.close());

it("a token in the fragment signs in, and is gone from the address and its history at once", async () => {
  const { page, close } = await openPage(browser, "/console/missions?state=active");
  await page.getByText("olga in acme").waitFor();
  expect(page.url()).toBe(`${inject("url")}/console/missions?state=active`);
  expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
  await page.reload();
  await page.getByText("olga in acme").waitFor();
  await close();
});

it("a link opened over the open console changes who is signed in, and leaves no token behind", async () => {
  const { page, close } = await openPage(browser, "/console/missions");
  await page.getByText("olga in acme").waitFor();
  const token = await tokenFor("paul", ["auditor"]);
  await page.evaluate((given) => (location.hash = `token=${given}`), token);
  await page.getByText("paul in acme").waitFor();
  expect(page.url()).toBe(`${inject("url")}/console/missions`);
  await close();
});

it("a pasted token signs in; signing out forgets it", async () => {
  const { page, close } = await openPage(browser, "/console/", { roles: [] });
  const field = page.getByLabel("Access token");
  await field.fill("not.a token");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("This is no access token").waitFor();
  await field.fill(await tokenFor("paul", ["auditor"]));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Missions" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
  expect(await page.evaluate(() => sessionStorage.length + localStorage.length)).toBe(0);
  expect(await page.evaluate(() => document.cookie)).toBe("");
  await close();
});

it("a token that the API does not accept leads back to signing in, and says so", async () => {
  const { page, close } = await openPage(browser, "/console/", { roles: [] });
  const token = await tokenFor("paul", ["auditor"]);
  const [head, payload] = token.split(".");
  await page.goto(`${inject("url")}/console/missions#token=${head}.${payload}.AAAA`);
  await page.getByText("The session has ended").waitFor();
  await close(/401/);
});

it("an issuer signs in with a code and PKCE, and the reader lands where they wanted to go", async () => {
  const allowed = [inject("issuer")];
  const { page, close } = await openPage(browser, "/console/incidents?status=open", {
    roles: [],
    allowed,
  });
  await page.getByRole("button", { name: "Sign in there" }).click();
  await page.getByText(ISSUER_SUBJECT).waitFor();
  await page.getByRole("heading", { name: "Incidents" }).waitFor();
  expect(page.url()).toBe(`${inject("url")}/console/incidents?status=open`);
  await close();
});

it("a code that was not asked for in this tab signs nobody in", async () => {
  const { page, close } = await openPage(browser, "/console/signed-in?code=stolen&state=guessed", {
    roles: [],
    allowed: [inject("issuer")],
  });
  await page.getByText("was not begun in this tab").waitFor();
  expect(new URL(page.url()).search).toBe("");
  await close();
});
