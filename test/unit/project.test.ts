/**
 * The projection of traces into rows: what each row says after a whole trace, and that it says the same
 * however the trace was cut.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { jsonChunks } from "../../worker/read-model/bulk.ts";
import { projectEvents } from "../../worker/read-model/project.ts";
import { iso, MISSION, person, TEAM } from "../support/builders.ts";
import { intervene, propose, reviewApprovals, vendorSwitch } from "../support/commands.ts";
import { storyOf } from "../support/index-stories.ts";
import { approves, denies, given } from "../support/scenario.ts";
import { decisionNode, executionNode, plan } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";

function seqOf(events: readonly TraceEvent[], type: string): number {
  const event = events.find((candidate) => candidate.type === type);
  if (!event) throw new Error(`the story has no ${type}`);
  return event.seq;
}

describe("a whole trace", () => {
  const events = storyOf();
  const changes = projectEvents(TEAM, null, events);

  it("gives the mission's row its title, progress, state and head", () => {
    expect(changes.mission).toEqual({
      team: TEAM,
      id: MISSION,
      title: "Mission 398f",
      state: "completed",
      sealed: 0,
      canary: 0,
      openedAt: iso(0),
      openedBy: "operator",
      planHash: events[0]?.data["planHash"],
      policyVersion: events[0]?.policyVersion,
      done: 3,
      total: 3,
      headSeq: events.length - 1,
      headHash: events.at(-1)?.hash,
      updatedAt: iso(6),
    });
  });

  it("gives one row per event, with verdict and reasons where a gate spoke", () => {
    expect(changes.events.map((row) => row.seq)).toEqual(events.map((event) => event.seq));
    const paused = changes.events.find((row) => row.verdict === "pause");
    expect(paused).toMatchObject({ nodeId: "switch", reasonCodes: '["APPROVAL_MISSING"]' });
    const incident = changes.events.find((row) => row.type === "incident.raised");
    expect(incident?.reasonCodes).toBe('["NONCE_USED"]');
  });

  it("gives the approval request with what to sign and how it ended", () => {
    expect(changes.patches).toEqual([]);
    expect(changes.approvals).toHaveLength(1);
    const [row] = changes.approvals;
    expect(row).toMatchObject({
      nodeId: "switch",
      state: "granted",
      have: 1,
      quorum: 1,
      risk: 3,
      requestedAt: iso(3),
      seq: seqOf(events, "approval.granted"),
    });
    expect(JSON.parse(row?.action ?? "null")).toMatchObject({ type: "vendor.switch" });
    expect(JSON.parse(row?.statement ?? "null")).toMatchObject({
      missionId: MISSION,
      nodeId: "switch",
      gateDigest: row?.gateDigest,
    });
  });

  it("names its incidents by the event that raised them", () => {
    expect(changes.raised).toEqual([
      {
        missionId: MISSION,
        nodeId: null,
        seq: seqOf(events, "incident.raised"),
        kind: "ticket_denied",
        severity: "high",
        reasonCodes: ["NONCE_USED"],
        summary: expect.stringContaining("refused a ticket") as string,
        openedAt: iso(4),
      },
    ]);
  });
});

describe("a trace cut anywhere", () => {
  const events = storyOf();
  const whole = projectEvents(TEAM, null, events);

  it("ends in the same mission row and the same events", () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: events.length - 1 }), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, (places) => {
        let row: ReturnType<typeof projectEvents>["mission"] | null = null;
        const rows = [];
        const ends = [...places.toSorted((a, b) => a - b), events.length];
        let from = 0;
        for (const to of ends) {
          const part = projectEvents(TEAM, row, events.slice(from, to));
          row = part.mission;
          rows.push(...part.events);
          from = to;
        }
        expect(row).toEqual(whole.mission);
        expect(rows).toEqual(whole.events);
      }),
    );
  });

  it("leaves a patch for a request of an earlier part, bound to its digest", () => {
    const granted = seqOf(events, "approval.granted");
    const first = projectEvents(TEAM, null, events.slice(0, granted));
    expect(first.approvals[0]).toMatchObject({ state: "pending", have: 0 });
    const second = projectEvents(TEAM, first.mission, events.slice(granted));
    expect(second.approvals).toEqual([]);
    expect(second.patches).toEqual([
      {
        team: TEAM,
        missionId: MISSION,
        nodeId: "switch",
        gateDigest: first.approvals[0]?.gateDigest,
        state: "granted",
        have: 1,
        requirement: null,
        seq: granted,
      },
    ]);
  });
});

describe("other ends", () => {
  const switching = plan(
    [decisionNode("spare"), executionNode("switch", { risk: 3, ownerR: "human" })],
    { edges: [] },
  );

  it("a denied request is denied", () => {
    const { events } = given(
      openMission(switching),
      propose(1, "switch", { action: vendorSwitch({ to: "b" }) }),
      denies(2, "switch", person("ada")),
    );
    expect(projectEvents(TEAM, null, events).approvals).toMatchObject([
      { nodeId: "switch", state: "denied", have: 0 },
    ]);
  });

  it("a request for other arguments replaces the one before, and voiding the old leaves the new", () => {
    const { events } = given(
      openMission(switching),
      propose(1, "switch", { action: vendorSwitch({ to: "b" }) }),
      propose(2, "switch", { action: vendorSwitch({ to: "c" }) }),
    );
    const digests = events
      .filter((event) => event.type === "approval.requested")
      .map((event) => event.data["gateDigest"]);
    expect(new Set(digests).size).toBe(2);
    expect(projectEvents(TEAM, null, events).approvals).toMatchObject([
      { state: "pending", gateDigest: digests[1] },
    ]);
  });

  it("a paused, then stopped mission says so", () => {
    const paused = given(openMission(switching), intervene(1, "pause"));
    expect(projectEvents(TEAM, null, paused.events).mission.state).toBe("paused");
    const stopped = given(openMission(switching), intervene(1, "stop"));
    expect(projectEvents(TEAM, null, stopped.events).mission).toMatchObject({
      state: "stopped",
      sealed: 0,
    });
  });
});

describe("what the projection refuses", () => {
  const events = storyOf();

  it("is a gap", () => {
    const first = projectEvents(TEAM, null, events.slice(0, 2));
    expect(() => projectEvents(TEAM, first.mission, events.slice(3))).toThrow(/no gap/);
  });

  it("is a mission of another team", () => {
    expect(() => projectEvents("rivals", null, events)).toThrow(/own team/);
  });

  it("is a trace that does not begin with its opening", () => {
    const orphan = events.slice(1, 2).map((event) => ({ ...event, seq: 0 }));
    expect(() => projectEvents(TEAM, null, orphan)).toThrow(/opening/);
  });
});

describe("bulk parameters", () => {
  it("hold every row once, in order, each within the limit", () => {
    const rows = Array.from({ length: 50 }, (_, n) => ({ n, text: "x".repeat(n) }));
    const chunks = jsonChunks(rows, 300);
    expect(chunks.length).toBeGreaterThan(3);
    for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(302);
    expect(chunks.flatMap((chunk) => JSON.parse(chunk) as object[])).toEqual(rows);
  });

  it("are none without rows, and one for a row above the limit", () => {
    expect(jsonChunks([])).toEqual([]);
    expect(jsonChunks([{ text: "y".repeat(100) }], 10)).toHaveLength(1);
  });
});

describe("an approval that stopped counting", () => {
  it("gives a row for each person who had given one, and none for those who had not", () => {
    const [ann, ben] = [person("ann"), person("ben")];
    const pay = executionNode("pay", { risk: 3, ownerR: "human", approval: { quorum: 3 } });
    const act = (seconds: number, amount: number) =>
      propose(seconds, "pay", { action: vendorSwitch({ amount }) });
    const { events } = given(
      openMission(plan([pay])),
      act(1, 1),
      approves(2, "pay", ann),
      approves(3, "pay", ben),
      reviewApprovals(4, "ben", null),
      act(5, 2),
    );
    const { withdrawn } = projectEvents(TEAM, null, events);
    const newest = events.findLast(({ type }) => type === "approval.requested");
    expect(withdrawn).toMatchObject([
      { approver: "ben", nodeId: "pay", cause: "person_removed", newGateDigest: null, at: iso(4) },
      { approver: "ann", cause: "voided", newGateDigest: newest?.data["gateDigest"], at: iso(5) },
    ]);
  });
});
