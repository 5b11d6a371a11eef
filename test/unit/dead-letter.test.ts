/**
 * The dead letters' consumer with a capturing Deps: whatever the other queues gave up on becomes an incident
 * of whoever it belongs to, once.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { consumeDeadLetters, type DeadLetterDeps } from "../../worker/consumers/dead-letter.ts";
import type { RaisedIncident } from "../../worker/read-model/project.ts";
import { iso, MISSION, ms, TEAM } from "../support/builders.ts";
import { messageOf, queueMessage, storyOf } from "../support/index-stories.ts";
import { deliveryMessage, eventMessage, WHK_A, WHK_B } from "../support/webhook-world.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

describe("a dead letter", () => {
  function deadWorld(overrides: Partial<DeadLetterDeps> = {}) {
    const opened: [string, RaisedIncident][] = [];
    const deps: DeadLetterDeps = {
      isMissionKnown: async ({ team, missionId }) => team === TEAM && missionId === MISSION,
      isEndpointKnown: async (team, endpointId) => team === TEAM && endpointId === WHK_A,
      openIncident: async (team, incident) => void opened.push([team, incident]),
      operatorTeam: "operators",
      nowMs: () => ms(20),
      random: () => 0.5,
      ...overrides,
    };
    return { deps, opened };
  }
  const index = () => queueMessage(messageOf(storyOf(), -1, 3));
  const breach = () =>
    queueMessage({
      kind: "breach",
      team: TEAM,
      missionId: MISSION,
      seq: 3,
      detail: "x",
      at: iso(2),
    });
  const ticket = (team: string) =>
    queueMessage({
      kind: "ticket",
      team,
      missionId: MISSION,
      ticket: "a.b.c",
      action: { type: "vendor.switch", args: {} },
    });

  it.each([
    ["sekisho-index-dlq", index(), "DELIVERY_FAILED", MISSION],
    ["sekisho-index-dlq", breach(), "CHAIN_BROKEN", MISSION],
    ["sekisho-tickets-dlq", ticket(TEAM), "GATEWAY_FAILURE", MISSION],
    ["sekisho-webhooks-dlq", eventMessage(4), "DELIVERY_FAILED", MISSION],
    ["sekisho-webhooks-dlq", deliveryMessage(), "DELIVERY_FAILED", null],
  ])("of %s becomes an incident of the team that has what it names", async (...row) => {
    const [queue, message, reason, missionId] = row;
    const { deps, opened } = deadWorld();
    await consumeDeadLetters(queue, [message], deps);
    expect(opened).toMatchObject([
      [
        TEAM,
        { kind: "dead_letter", missionId, seq: null, reasonCodes: [reason], openedAt: iso(20) },
      ],
    ]);
    expect(message.settled).toEqual(["ack"]);
  });

  it.each([
    ["a team that has no such mission", ticket("rivals")],
    ["an endpoint nobody has", deliveryMessage({ endpointId: WHK_B })],
    ["nothing readable", queueMessage({ garbage: "\ud800" })],
    ["nothing at all", queueMessage(null)],
  ])("that names %s becomes the operators' incident", async (_what, message) => {
    const { deps, opened } = deadWorld();
    await consumeDeadLetters("sekisho-tickets-dlq", [message], deps);
    expect(opened).toMatchObject([
      ["operators", { missionId: null, severity: "high", kind: "dead_letter" }],
    ]);
    expect(opened[0]?.[1].summary.isWellFormed()).toBe(true);
    expect(message.settled).toEqual(["ack"]);
  });

  it("says the same of the same trouble, so that an outage is one incident and not one per message", async () => {
    const { deps, opened } = deadWorld();
    const messages = [
      index(),
      queueMessage(messageOf(storyOf(), 3, 9)),
      queueMessage("?"),
      queueMessage("?"),
    ];
    await consumeDeadLetters("sekisho-index-dlq", messages, deps);
    const summaries = opened.map(([, incident]) => incident.summary);
    expect(new Set(summaries).size).toBe(2);
  });

  it("stays in its queue until its incident stands", async () => {
    const { deps } = deadWorld({
      openIncident: async () => {
        throw new Error("D1 away");
      },
    });
    const message = index();
    await consumeDeadLetters("sekisho-index-dlq", [message], deps);
    expect(message.settled).toEqual([60]);
  });

  it("whose team cannot be asked stays in its queue", async () => {
    const { deps, opened } = deadWorld({
      isMissionKnown: async () => Promise.reject(new Error("away")),
    });
    const message = index();
    await consumeDeadLetters("sekisho-index-dlq", [message], deps);
    expect([opened, message.settled]).toEqual([[], [60]]);
  });
});
