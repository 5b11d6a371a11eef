/**
 * Attention in workerd: measured from what the index holds, the same after a rebuild, and one team's only.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { consumeIndex } from "../../worker/consumers/indexing.ts";
import { clearMission } from "../../worker/read-model/queries.ts";
import { call, callerOf, expectStatus } from "../support/api.ts";
import { iso } from "../support/builders.ts";
import { cut, queueMessage, storyOf } from "../support/index-stories.ts";
import { idOf, world } from "../support/index-world.ts";
import { bindings, freshTeam } from "../support/team-world.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

/** Two missions whose requests stood from second 3 on; Ada signed both in second 5. */
async function teamWithDecisions() {
  const team = freshTeam();
  const traces = [91, 92].map((n) => storyOf(idOf(n), team));
  const { deps } = world(team, traces);
  const index = async () => {
    for (const events of traces)
      for (const message of cut(events, [4, 3], { team }))
        await consumeIndex([queueMessage(message)], deps);
  };
  await index();
  const read = async (path: string, who = team) =>
    (await expectStatus(call(callerOf(who, "auditor"), "GET", path), 200)).body;
  return { team, index, read };
}

const WHOLE = `from=${iso(0)}&to=${iso(60)}`;

describe("a person's attention", () => {
  it("is measured from the requests and decisions of all missions", async () => {
    const { read } = await teamWithDecisions();
    expect(await read(`/v1/approvers/ada/attention?${WHOLE}`)).toMatchObject({
      approver: "ada",
      from: iso(0),
      to: iso(60),
      decisions: 2,
      approvals: 2,
      approvedShare: 1,
      timeToDecisionMs: { shortest: 2_000, median: 2_000, p90: 2_000 },
      approvalsPerHourMax: 2,
      timedApprovals: 2,
    });
  });

  it("knows the second decision of the same moment as a hasty one", async () => {
    const { read } = await teamWithDecisions();
    const { hastyApprovals } = await read(`/v1/approvers/ada/attention?${WHOLE}`);
    expect(hastyApprovals).toBeGreaterThanOrEqual(1);
  });

  it("counts from the start of the period until before its end", async () => {
    const { team, read } = await teamWithDecisions();
    const inside = await read(`/v1/attention?from=${iso(5)}&to=${iso(6)}`);
    expect(inside["items"]).toMatchObject([{ approver: "ada", decisions: 2 }]);
    const before = await read(`/v1/attention?from=${iso(0)}&to=${iso(5)}`);
    expect(before["items"]).toEqual([]);
    const unknown = `/v1/approvers/ada/attention?from=${iso(6)}`;
    await expectStatus(call(callerOf(team, "admin"), "GET", unknown), 404);
  });

  it("is the same when rows are written twice, or anew", async () => {
    const { team, index, read } = await teamWithDecisions();
    const first = await read(`/v1/attention?${WHOLE}`);
    await index();
    expect(await read(`/v1/attention?${WHOLE}`)).toEqual(first);
    for (const n of [91, 92]) await clearMission(bindings.DB, { team, missionId: idOf(n) });
    expect((await read(`/v1/attention?${WHOLE}`))["items"]).toEqual([]);
    await index();
    expect(await read(`/v1/attention?${WHOLE}`)).toEqual(first);
  });

  it("of one team is nothing to another", async () => {
    await teamWithDecisions();
    const { read } = await teamWithDecisions();
    const answered = await read(`/v1/attention?${WHOLE}`, freshTeam());
    expect(answered["items"]).toEqual([]);
  });
});
