/**
 * The trace in the browser: checked there by the same core, moved about in by keyboard, compared with what the
 * server replays; a forged one is found out; a long one keeps up with the hand.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { expectForEverybody, keepPicture, openPage, startBrowser } from "./browser.ts";
import { LONG_MISSION, longTrace } from "./long-trace.ts";
import { askFinance, clientOf, finish, openMission } from "./scene.ts";

/** What a hand notices; see the bars in docs/console.md. */
const STEP_MS_MAX = 50;

let browser: Browser;
let missionId: string;

beforeAll(async () => {
  browser = await startBrowser();
  missionId = await openMission("A switch with a history");
  await askFinance(missionId);
  await finish(missionId);
});

afterAll(() => browser.close());

const slider = (page: Page) => page.getByRole("slider", { name: "Event" });

async function eventsOf(): Promise<readonly TraceEvent[]> {
  const client = await clientOf("olga", "operator");
  const answered = await client.get(`/v1/missions/${missionId}/trace?limit=200`);
  if (!answered.ok) throw new Error(answered.error.detail);
  return (answered.value.body as { items: TraceEvent[] }).items;
}

describe("a sound trace", () => {
  it("is found sound by the browser itself: chain, decisions, checkpoint", async () => {
    const { page, close } = await openPage(browser, `/console/missions/${missionId}/trace`);
    const checks = page.getByRole("region", { name: "Checked in this browser" });
    await checks.getByText("Merkle root").waitFor();
    expect(await checks.getByText("equals").count()).toBe(3);
    expect(await checks.getByText("differs").count()).toBe(0);
    await close();
  });

  it("gives at every event the state hash that the server replays", async () => {
    const { page, close } = await openPage(browser, `/console/missions/${missionId}/trace?at=0`);
    const events = await eventsOf();
    await slider(page).focus();
    for (const { seq } of events) {
      await page.getByText(`State after event ${seq}`, { exact: true }).waitFor();
      await page.getByText("equals the server's replay").waitFor();
      await page.keyboard.press("ArrowRight");
    }
    expect(await page.getByText("differs").count()).toBe(0);
    await page.waitForURL(`**/trace?at=${events.length - 1}`);
    await close();
  });

  it("leads from mark to mark, and an address leads back to the same event", async () => {
    const { page, close } = await openPage(browser, `/console/missions/${missionId}/trace?at=0`);
    await page
      .getByRole("button", { name: /^Next mark: approval at/ })
      .or(page.getByRole("button", { name: /^Next mark/ }))
      .first()
      .waitFor();
    const events = await eventsOf();
    const granted = events.find(({ type }) => type === "approval.granted");
    while (
      !(await page.getByText(`State after event ${granted?.seq}`, { exact: true }).isVisible())
    ) {
      await page.getByRole("button", { name: /^Next mark/ }).click();
    }
    await page.waitForURL(`**/trace?at=${granted?.seq}`);
    await page.reload();
    await page.getByText(`State after event ${granted?.seq}`, { exact: true }).waitFor();
    await close();
  });

  it("can be saved exactly as it was exported", async () => {
    const { page, close } = await openPage(browser, `/console/missions/${missionId}/trace`);
    const link = page.getByRole("link", { name: "Save the trace" });
    await link.waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    expect(download.suggestedFilename()).toBe(`${missionId}.ndjson`);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    const saved = Buffer.concat(chunks).toString("utf8").trimEnd().split("\n");
    expect(saved.map((line) => JSON.parse(line) as unknown)).toEqual(await eventsOf());
    await close();
  });

  it("is shown for everybody", async () => {
    const address = `/console/missions/${missionId}/trace?at=12`;
    const { page, close } = await openPage(browser, address);
    await page.getByText("Merkle root").waitFor();
    await page.getByText("equals the server's replay").waitFor();
    await expectForEverybody(page, "trace");
    await close();
  });
});

describe("a trace that was tampered with", () => {
  it("is broken where a byte was changed, and nothing behind it is believed", async () => {
    const { page, close } = await openPage(browser, "/console/missions");
    await page.route("**/v1/missions/*/trace", async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace("240000", "240001");
      await route.fulfill({ response, body });
    });
    const events = await eventsOf();
    const bad = events.find((event) => JSON.stringify(event).includes("240000"));
    await page.goto(`${inject("url")}/console/missions/${missionId}/trace`);
    await page.getByText(`Broken at event ${bad?.seq}`).waitFor();
    await page.getByText("A broken chain is not decided again.").waitFor();
    expect(await slider(page).getAttribute("max")).toBe(String((bad?.seq ?? 0) - 1));
    await close();
  });

  it("of another mission is not taken for this one, though it is sound in itself", async () => {
    const otherId = await openMission("Another");
    const { page, close } = await openPage(browser, "/console/missions");
    await page.route(`**/v1/missions/${missionId}/trace`, async (route) => {
      const url = route.request().url().replace(missionId, otherId);
      await route.fulfill({ response: await route.fetch({ url }) });
    });
    await page.goto(`${inject("url")}/console/missions/${missionId}/trace`);
    await page.getByText("Broken at event 0").waitFor();
    await close();
  });
});

describe("a trace of ten thousand events", () => {
  it(`answers each step of the slider within ${STEP_MS_MAX} ms`, { timeout: 120_000 }, async () => {
    const { page, close } = await openPage(browser, "/console/missions");
    const text = longTrace();
    const last = text.trimEnd().split("\n").length - 1;
    expect(last).toBeGreaterThanOrEqual(10_000);
    await page.route("**/v1/missions/*/trace", (route) =>
      route.fulfill({ contentType: "application/x-ndjson", body: text }),
    );
    await page.route("**/checkpoint?*", (route) =>
      route.fulfill({ json: { checkpoint: "", vkey: "" } }),
    );
    await page.route("**/replay?*", (route) => route.fulfill({ json: { stateHash: "" } }));
    await page.goto(`${inject("url")}/console/missions/${LONG_MISSION}/trace`);
    await slider(page).waitFor({ timeout: 90_000 });
    const steps = await page.evaluate(stepThrough, last);
    const sorted = steps.toSorted((a, b) => a - b);
    const p90 = sorted[Math.floor(sorted.length * 0.9)] ?? Infinity;

    expect(p90).toBeLessThan(STEP_MS_MAX);
    // What the server was made to say agrees with nothing, and the page says so.
    await page.getByText("differs the server's replay").waitFor();
    await keepPicture(page, "trace-long-light-1280");
    await close();
  });
});

/** Runs in the page: moves the slider to forty places and times each until it is on the screen. */
async function stepThrough(last: number): Promise<number[]> {
  const slider = document.querySelector<HTMLInputElement>('input[type="range"]');
  if (slider === null) return [];
  const times: number[] = [];
  for (let step = 0; step < 40; step += 1) {
    const seq = Math.floor((step * 7_919 * 31) % last);
    const begun = performance.now();
    slider.value = String(seq);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve));
      if (document.querySelector("#state")?.textContent === `State after event ${seq}`) break;
    }
    // Layout is part of what a hand waits for.
    document.body.getBoundingClientRect();
    times.push(performance.now() - begun);
  }
  return times;
}
