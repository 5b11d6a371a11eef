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

it("a node is reset with a reason, after the page has said what will happen", async () => {
  const missionId = await openMission("A switch that starts over");
  await askFinance(missionId);
  const address = `/console/missions/${missionId}?node=approve`;
  const { page, close } = await openPage(browser, address);
  await page.getByRole("button", { name: "Reset this node" }).click();
  const question = page.getByRole("group", { name: "Reset this node" });
  await question.getByText("The node starts over").waitFor();
  const yes = question.getByRole("button", { name: "Reset this node" });
  expect(await yes.isDisabled()).toBe(true);
  await question.getByLabel(/^Reason/).fill("the quote was withdrawn");
  await expectForEverybody(page, "reset");
  await yes.click();
  await page.getByText("starting over: approve").waitFor({ state: "attached" });
  const node = (await missionOf(missionId)).nodes.find(({ id }) => id === "approve");
  expect(node).toMatchObject({ request: null, proposal: null, resets: 1 });
  await close();
});

it("an agent is banned from one mission, and its nodes start over", async () => {
  const missionId = await openMission("A switch without its buyer");
  await askFinance(missionId);
  const { page, close } = await openPage(browser, `/console/missions/${missionId}`);
  await page.getByText("Intervene").click();
  await page.getByRole("button", { name: "Reset the mission" }).click();
  await page.getByText("One node starts over: Approve a switch").waitFor();
  await page.keyboard.press("Escape");
  await page.getByLabel(/^Agent to ban/).fill("agent.buyer");
  await page.getByRole("button", { name: "Ban agent.buyer" }).click();
  const question = page.getByRole("group", { name: "Ban agent.buyer" });
  await question.getByText("One node that holds its proposal").waitFor();
  await question.getByLabel(/^Reason/).fill("it invents quotes");
  await expectForEverybody(page, "ban");
  await question.getByRole("button", { name: "Ban agent.buyer" }).click();
  await page.getByText("Banned already: agent.buyer").waitFor();
  expect(await missionOf(missionId)).toMatchObject({ bannedAgents: ["agent.buyer"] });
  await close();
});

it("a node that the loop guard holds says so", async () => {
  const missionId = await openMission("A switch that goes round");
  await askFinance(missionId);
  const mission = await missionOf(missionId);
  const { page, close } = await openPage(browser, "/console/missions");
  const shown = [
    { loop: "LOOP_UNCHANGED" },
    { reasons: [{ code: "LEASE_HELD", gate: "lease", detail: "vendors#acme is held" }] },
  ];
  for (const [at, words] of [
    [0, "The loop guard holds this node."],
    [1, "It waits for a lease."],
  ] as const) {
    const nodes = mission.nodes.map((node) =>
      node.id === "approve" ? { ...node, ...shown[at] } : node,
    );
    await page.route(`**/v1/missions/${missionId}`, (route) =>
      route.fulfill({ json: { ...mission, nodes } }),
    );
    await page.goto(`${inject("url")}/console/missions/${missionId}?node=approve`);
    await page.getByText(words).waitFor();
  }
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
