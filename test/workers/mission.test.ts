/**
 * The mission's object in workerd with its real database: what is durable, what a crash leaves, what
 * a broken chain does. What commands mean is tested in test/unit.
 */
import { describe, expect, it, vi } from "vitest";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import type { MissionRpc } from "../../shared/wire/rpc.ts";
import { checkMission } from "../support/check-mission.ts";
import {
  AGENT,
  bundle,
  evict,
  freshMissionId,
  inside,
  lastMissionId,
  missionObject,
  now,
  openRequest,
  proposeRequest,
  request,
  runAlarm,
  runToTicket,
  TEAM,
  teamObject,
} from "../support/mission-world.ts";

type Stub = MissionRpc;

async function traceOf(stub: Stub) {
  const trace = await stub.readTrace(TEAM, -1, 1_000);
  if (!trace.ok) throw new Error(trace.error.reason);
  return trace.value.events;
}

async function issuedClaims(stub: Stub): Promise<TicketClaims> {
  const issued = (await traceOf(stub)).find((event) => event.type === "ticket.issued");
  if (!issued) throw new Error("no ticket was issued");
  return (issued.data as unknown as { claims: TicketClaims }).claims;
}

describe("a mission that was never opened", () => {
  it("answers as unknown and leaves no table behind", async () => {
    const stub = missionObject(freshMissionId());
    expect(await stub.view(TEAM)).toEqual({ ok: false, error: { reason: "mission_unknown" } });
    expect(await stub.execute(proposeRequest("decide", null))).toMatchObject({
      ok: false,
      error: { reason: "mission_unknown" },
    });
    const tables = await inside(stub, (storage) =>
      storage.sql
        .exec(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%cf%' AND name NOT LIKE '%miniflare%'",
        )
        .toArray(),
    );
    expect(tables).toEqual([]);
  });
});

describe("a command", () => {
  it("is one journal row with all its events", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await runToTicket(stub, missionId);
    const { rows, events } = await checkMission(stub, TEAM);
    expect(rows).toBe(5);
    expect(events.map((event) => event.type)).toEqual([
      "mission.opened",
      "node.ready",
      "proposal.submitted",
      "gate.evaluated",
      "evidence.submitted",
      "result.submitted",
      "gate.evaluated",
      "node.ready",
      "proposal.submitted",
      "gate.evaluated",
      "ticket.issued",
    ]);
  });

  it("of another team is told that the mission is unknown", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId));
    const foreign = await stub.execute({ ...proposeRequest("decide", null), team: "rivals" });
    expect(foreign).toEqual({ ok: false, error: { reason: "mission_unknown" } });
    expect(await stub.view("rivals")).toEqual({ ok: false, error: { reason: "mission_unknown" } });
    expect(await stub.readTrace("rivals", -1, 10)).toEqual({
      ok: false,
      error: { reason: "mission_unknown" },
    });
  });

  it("with a stale If-Match changes nothing", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId));
    const stale = await stub.execute(
      proposeRequest("decide", null, { ifMatch: `0-${"0".repeat(64)}` }),
    );
    expect(stale).toMatchObject({ ok: false, error: { reason: "head_stale" } });
    expect((await checkMission(stub, TEAM)).rows).toBe(1);
  });

  it("that cannot be signed leaves neither row nor state", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await runToTicket(stub, missionId).catch(() => undefined);
    const other = freshMissionId();
    const second = missionObject(other);
    await inside(second, (_storage, instance) => {
      Object.defineProperty(instance, "env", { value: { TICKET_SIGNING_KEYS: "{" } });
    });
    await expect(Promise.resolve(second.execute(openRequest(other)))).rejects.toThrow(/JSON/);
    expect(await second.view(TEAM)).toEqual({ ok: false, error: { reason: "mission_unknown" } });
  });
});

describe("200 concurrent commands to one mission", () => {
  it("leave a seq without gaps and a chain that verifies", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId));
    const requests = Array.from({ length: 200 }, (_, index) =>
      request({
        type: "SubmitEvidence",
        nodeId: "decide",
        bundle: bundle("order", `note ${index}`),
      }),
    );
    const executed = await Promise.all(requests.map((one) => stub.execute(one)));
    expect(executed.filter((one) => one.ok)).toHaveLength(200);
    const heads = executed.map((one) => (one.ok ? one.value.head.seq : -1));
    expect(new Set(heads).size).toBe(200);
    const { events } = await checkMission(stub, TEAM);
    expect(events.filter((event) => event.type === "evidence.submitted")).toHaveLength(200);
  });

  it("with one idempotency key are one command", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId));
    const idempotency = { key: "agent-a:k1", requestHash: "a".repeat(64) };
    const one = request(
      { type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order") },
      { idempotency },
    );
    const answers = await Promise.all(Array.from({ length: 50 }, () => stub.execute(one)));
    expect(answers.filter((answer) => answer.ok && !answer.value.replayed)).toHaveLength(1);
    expect(answers.filter((answer) => answer.ok && answer.value.replayed)).toHaveLength(49);
    const [first] = answers;
    for (const answer of answers)
      expect(answer.ok && answer.value.answer).toEqual(first?.ok && first.value.answer);
    const reused = await stub.execute({
      ...one,
      idempotency: { ...idempotency, requestHash: "b".repeat(64) },
    });
    expect(reused).toEqual({ ok: false, error: { reason: "idempotency_key_reused" } });
  });
});

describe("an evicted mission", () => {
  it("wakes to the same state, and answers a retried command from its row", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    const opening = openRequest(missionId, undefined, {
      idempotency: { key: "op:k", requestHash: "c".repeat(64) },
    });
    const first = await stub.execute(opening);
    await stub.execute(proposeRequest("decide", null));
    const before = await stub.view(TEAM);
    await evict(stub);
    expect(await stub.view(TEAM)).toEqual(before);
    const retried = await stub.execute(opening);
    expect(retried).toEqual({
      ok: true,
      value: { ...(first.ok ? first.value : {}), replayed: true },
    });
    await checkMission(stub, TEAM);
  });

  it("confirms its outstanding ticket, once settled no more", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await runToTicket(stub, missionId);
    await evict(stub);
    const claims = await issuedClaims(stub);
    expect(await stub.confirmTicket(claims)).toEqual({ ok: true, value: { confirmed: true } });
    expect(await stub.confirmTicket({ ...claims, args_hash: "0".repeat(64) })).toMatchObject({
      ok: false,
    });
    const receipt = {
      jti: claims.jti,
      outcome: "succeeded",
      status: 200,
      requestDigest: "1".repeat(64),
      responseDigest: "2".repeat(64),
      detail: "200 OK",
      startedAt: "2026-11-21T10:00:00.000Z",
      finishedAt: "2026-11-21T10:00:01.000Z",
    } as const;
    const settle = request({
      type: "RecordReceipt",
      receipt,
      actor: { kind: "gateway", id: "sekisho-gateway" },
    });
    expect(await stub.execute(settle)).toMatchObject({ ok: true });
    expect(await stub.confirmTicket(claims)).toMatchObject({
      ok: false,
      error: { reason: "gate_not_confirmed" },
    });
    const again = await stub.execute(settle);
    expect(again).toMatchObject({ ok: true, value: { answer: { type: "recorded", events: 0 } } });
    const { events } = await checkMission(stub, TEAM);
    expect(events.at(-1)?.type).toBe("mission.completed");
    expect(events.filter((event) => event.type === "ticket.issued")).toHaveLength(1);
  });
});

describe("a mission whose rows were changed behind its back", () => {
  async function tampered(change: (sql: SqlStorage) => void) {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId));
    await stub.execute(proposeRequest("decide", null));
    await stub.execute(
      request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order") }),
    );
    await inside(stub, (storage) => change(storage.sql));
    await evict(stub);
    return stub;
  }

  it("refuses every command, names the first bad seq, and still serves its trace", async () => {
    const stub = await tampered((sql) => {
      sql.exec(
        `UPDATE journal SET events = replace(events, '"agent-a"', '"agent-b"') WHERE seq = 2`,
      );
    });
    const refused = await stub.execute(
      request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order", "second") }),
    );
    expect(refused).toMatchObject({ ok: false, error: { reason: "mission_broken", seq: 2 } });
    const viewed = await stub.view(TEAM);
    expect(viewed).toMatchObject({ ok: true, value: { broken: { seq: 2 }, head: { seq: 1 } } });
    expect((await traceOf(stub)).map((event) => event.seq)).toEqual([0, 1, 2, 3, 4]);
  });

  it("raises one incident of its team, whatever is asked of it", async () => {
    const stub = await tampered((sql) => {
      sql.exec(
        `UPDATE journal SET events = replace(events, '"agent-a"', '"agent-b"') WHERE seq = 2`,
      );
    });
    for (let asked = 0; asked < 3; asked += 1) {
      await stub.view(TEAM);
      await evict(stub);
    }
    await vi.waitFor(
      async () => {
        const incidents = await teamObject().incidents(0, 200);
        const own = incidents.filter((incident) => incident.missionId === lastMissionId());
        expect(own.map((incident) => [incident.kind, incident.severity])).toEqual([
          ["chain_broken", "critical"],
        ]);
      },
      { timeout: 10_000, interval: 50 },
    );
  });

  it("is broken too when a row is missing", async () => {
    const stub = await tampered((sql) => void sql.exec("DELETE FROM journal WHERE seq = 2"));
    const refused = await stub.execute(proposeRequest("decide", null));
    expect(refused).toMatchObject({ ok: false, error: { reason: "mission_broken", seq: 2 } });
  });

  it("confirms no ticket", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await runToTicket(stub, missionId);
    const claims = await issuedClaims(stub);
    await inside(stub, (storage) => {
      storage.sql.exec(`UPDATE journal SET events = replace(events, '40', '41') WHERE seq = 5`);
    });
    await evict(stub);
    expect(await stub.confirmTicket(claims)).toMatchObject({ ok: false });
  });
});

describe("the alarm", () => {
  it("is set by opening and applies deadlines that have passed", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    const plan = {
      title: "Sign off",
      phases: ["work"],
      nodes: [
        {
          id: "sign",
          kind: "approval",
          phase: "work",
          title: "Sign",
          risk: 3,
          ownerR: "human",
          ownerX: "human",
          approval: { deadlineMs: 1_000 },
        },
      ],
    } as const;
    // Opened an hour ago: its deadline of one second lies in the past when the alarm runs.
    await stub.execute(openRequest(missionId, plan as never, {}));
    const opened = await traceOf(stub);
    expect(opened.map((event) => event.type)).toContain("approval.requested");
    await inside(stub, async (storage) => {
      const alarm = await storage.getAlarm();
      expect(alarm).not.toBeNull();
      expect(alarm ?? 0).toBeLessThanOrEqual(now() + 1_000);
    });
    await stub.execute(
      request({ type: "PassTime", at: now() + 2_000, actor: { kind: "system", id: "sekisho" } }),
    );
    expect((await traceOf(stub)).at(-1)?.type).toBe("approval.expired");
    await runAlarm(stub);
    await checkMission(stub, TEAM);
  });
});

describe("a proposal by an agent that nobody vouches for", () => {
  it("is recorded as refused and leaves the node READY", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId));
    const proposal = {
      id: "prp_019a9f4e-0000-7000-8000-00000000000c",
      rationale: "why not",
      action: null,
    };
    const executed = await stub.execute(
      request({
        type: "Propose",
        nodeId: "decide",
        proposal,
        agent: "unavailable",
        actor: { kind: "agent", id: AGENT.id },
      }),
    );
    expect(executed).toMatchObject({
      ok: true,
      value: {
        answer: {
          type: "gate",
          adopted: false,
          nodeState: "READY",
          gateResult: { verdict: "block" },
        },
      },
    });
    await checkMission(stub, TEAM);
  });
});
