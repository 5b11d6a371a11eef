/**
 * The request that README.md shows is sent, and its answer compared with the one that stands there.
 * Ids and hashes differ from run to run, so both sides have them replaced by their kind.
 */
import { expect, it } from "vitest";
import example from "../../examples/vendor-switch.mission.json";
// @ts-expect-error -- a text import is the bundler's; tsc knows no such module
import text from "../../README.md?raw";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";

const TEAM = "readme";
const readme = String(text);

function shown(kind: "http" | "json"): string {
  const block = new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (block === undefined) throw new Error(`README.md shows no ${kind} block`);
  return block;
}

function withoutIds(text: string): unknown {
  return JSON.parse(
    text
      .replaceAll(/(msn|prp)_[0-9a-f-]{36}/g, "$1_…")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "…")
      .replaceAll(/"[0-9a-f]{64}"/g, '"…"')
      .replaceAll(/https?:\/\/[^/"]+\//g, "https://…/"),
  );
}

it("the request in README.md gets the answer in README.md", async () => {
  await setUpTeam(TEAM, example.policy);
  for (const agent of example.agents) {
    await expectStatus(call(callerOf(TEAM, "admin"), "POST", "/v1/agents", agent), 200);
  }
  const missionId = await openMission(TEAM, example.mission.plan);
  const [head = "", , ...body] = shown("http").split("\n");
  const path = (head.split(" ")[1] ?? "").replace("{id}", missionId);
  const buyer = { team: TEAM, sub: "agent.buyer", roles: ["agent"] as const };
  const answered = await call(buyer, "POST", path, JSON.parse(body.join("\n")));
  expect(`${answered.status}`).toBe("409");
  expect(withoutIds(answered.text)).toEqual(withoutIds(shown("json")));
});
