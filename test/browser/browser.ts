/**
 * A Chromium of this machine and pages in it that are watched: an error on the console, an uncaught exception or
 * a request to another origin fails the test that caused it, whatever else it asserts.
 */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import AxeBuilder from "axe-core";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { expect, inject } from "vitest";
import { type Role, mintToken, readKeys } from "../../scripts/local/keys.ts";

/** Who looks at a page. */
export interface Looking {
  readonly sub?: string;
  readonly roles?: readonly Role[];
  /** Origins beside the instance's own that the page may reach. */
  readonly allowed?: readonly string[];
}

export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Closes it; fails when anything went wrong in it unseen, but for a refused request the test provoked. */
  readonly close: (provoked?: RegExp) => Promise<void>;
}

const TEAM = "acme";

/** Starts the browser that scripts/test-browser.ts has found. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM_PATH"] ?? "";
  expect(existsSync(executablePath), "CHROMIUM_PATH names a Chromium").toBe(true);
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A token of the instance's own issuer. */
export async function tokenFor(sub: string, roles: readonly Role[]): Promise<string> {
  const keys = readKeys(inject("stateDir"));
  if (!keys.ok) throw new Error(keys.error.detail);
  return mintToken(keys.value, { team: TEAM, sub, roles });
}

/** A page of its own, signed in unless `roles` is empty. */
export async function openPage(
  browser: Browser,
  address: string,
  looking: Looking = {},
): Promise<Watched> {
  const { sub = "olga", roles = ["operator", "auditor", "admin"], allowed = [] } = looking;
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 900 },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const faults = watch(page, [inject("url"), ...allowed]);
  const token = roles.length === 0 ? "" : `#token=${await tokenFor(sub, roles)}`;
  await page.goto(`${inject("url")}${address}${token}`);
  return {
    page,
    context,
    close: async (provoked) => {
      await context.close();
      expect(faults.filter((fault) => provoked?.test(fault) !== true)).toEqual([]);
    },
  };
}

function watch(page: Page, origins: readonly string[]): readonly string[] {
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.protocol !== "blob:" && !origins.includes(url.origin)) {
      faults.push(`a request to ${url.origin}`);
    }
  });
  return faults;
}

const LOOKS = [
  { dark: false, width: 1_280 },
  { dark: true, width: 1_280 },
  { dark: true, width: 320 },
  { dark: false, width: 320 },
] as const;

/**
 * Holds the page as it stands to what everybody may expect, in light and dark, wide and narrow: nothing that WCAG 2.2
 * AA has against it, and nothing wider than its window. Keeps a picture of each where SCREENSHOTS names a folder.
 */
export async function expectForEverybody(page: Page, name: string): Promise<void> {
  const faults: Record<string, readonly string[]> = {};
  for (const { dark, width } of LOOKS) {
    const look = `${dark ? "dark" : "light"}-${width}`;
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    await keepPicture(page, `${name}-${look}`);
    const over = await overhang(page);
    const tooWide = over > 0 ? [`${over} px wider than its window`] : [];
    const found = [...(await accessibilityFaults(page)), ...tooWide];
    if (found.length > 0) faults[look] = found;
  }
  expect(faults).toEqual({});
}

/** What WCAG 2.2 A and AA have against the page as it stands; empty when nothing. */
async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  // By the debugger: the page's own policy allows no script that is not its own.
  await page.evaluate(AxeBuilder.source);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
  return page.evaluate(async (runOnly) => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: { runOnly: string[] }): Promise<{
          violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run({ runOnly });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ""}`),
    );
  }, tags);
}

/** How many pixels the page is wider than its window. */
async function overhang(page: Page): Promise<number> {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}

/** Keeps a picture of the page where SCREENSHOTS names a folder; for people, no test looks at it. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
