/** A mission while it is looked at: what happens is shown at once, as a list and as a picture, and nothing is lost. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { MissionView } from "../../shared/mission/index.ts";
import { expectForEverybody, keepPicture, openPage, startBrowser } from "./browser.ts";
import { askFinance, finish, missionOf, openMission } from "./scene.ts";

/** The bar for a graph of three hundred nodes. */
const DRAWN_MS_MAX = 1_000;

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(() => browser.close());

it("what agents do is shown while one looks, and announced", async () => {
  const missionId = await openMission("A switch that somebody watches");
  const { page, close } = await openPage(browser, `/console/missions/${missionId}`);
  await page.getByText("live", { exact: true }).waitFor();
  // Nothing but the stream may bring the news from here on.
  let polls = 0;
  page.on("request", (request) => (polls += request.url().endsWith(missionId) ? 1 : 0));
  await askFinance(missionId);
  await page.getByRole("row", { name: /BLOCKED.*Approve a switch/ }).waitFor({ timeout: 5_000 });
  await page
    .getByRole("status")
    .getByText("Approve a switch worth $240,000 a year is BLOCKED")
    .waitFor({
      state: "attached",
    });
  expect(polls).toBeGreaterThan(0);
  await finish(missionId);
  await page.getByRole("row", { name: /DONE.*Give notice/ }).waitFor({ timeout: 5_000 });
  await close();
});

it("the picture leads to its nodes by keyboard, and is for everybody", async () => {
  const missionId = await openMission("A switch as a picture");
  await askFinance(missionId);
  const { page, close } = await openPage(browser, `/console/missions/${missionId}?view=picture`);
  const box = page.getByRole("link", { name: /^Approve a switch/ });
  await box.waitFor();
  await box.focus();
  await page.keyboard.press("Enter");
  await page.getByText("People are asked").waitFor();
  await expectForEverybody(page, "picture");
  await close();
});

it("a graph of three hundred nodes is drawn within a second", async () => {
  const missionId = await openMission("A large one");
  const mission = await missionOf(missionId);
  const { page, close } = await openPage(browser, "/console/missions");
  await page.route(`**/v1/missions/${missionId}`, (route) =>
    route.fulfill({ json: large(mission) }),
  );
  await page.goto(`${inject("url")}/console/missions/${missionId}`);
  await page.getByRole("link", { name: "Large node 299" }).waitFor();
  const drawnMs = await page.evaluate(async () => {
    const begun = performance.now();
    [...document.querySelectorAll("a")]
      .find(({ textContent }) => textContent === "picture")
      ?.click();
    while (document.querySelectorAll(".box").length < 300) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    document.body.getBoundingClientRect();
    return performance.now() - begun;
  });
  expect(drawnMs).toBeLessThan(DRAWN_MS_MAX);
  await keepPicture(page, "picture-300");
  await close();
});

/** The same mission with three hundred nodes, thirty phases of ten. */
function large(mission: MissionView): MissionView {
  const [node] = mission.nodes;
  if (node === undefined) throw new Error("a mission has nodes");
  const nodes = Array.from({ length: 300 }, (_, at) => ({
    ...node,
    id: `n${at}`,
    title: `Large node ${at}`,
  }));
  const edges = nodes.flatMap((_, at) =>
    at < 10
      ? []
      : [
          { from: `n${at - 10}`, to: `n${at}` },
          { from: `n${at - 1 - (at % 10)}`, to: `n${at}` },
        ],
  );
  const seen = new Set<string>();
  const distinct = edges.filter(({ from, to }) => {
    const isNew = !seen.has(`${from} ${to}`);
    seen.add(`${from} ${to}`);
    return isNew;
  });
  return { ...mission, nodes, edges: distinct };
}
