/**
 * A mission whose trace is far larger than one page, one message or one row may be: it is read to its end,
 * verified, streamed and indexed, and at its limit it takes only what is always heard.
 */
import { describe, expect, it, vi } from "vitest";
import { createEvidenceBundle, evidenceInputSchema } from "../../shared/evidence/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import { verifyTrace, verifyTraceText, type TraceEvent } from "../../shared/trace/index.ts";
import type { MissionRpc } from "../../shared/wire/rpc.ts";
import { clearMission, readMissionRows } from "../../worker/read-model/queries.ts";
import { catchUpDeps } from "../../worker/read-model/deps.ts";
import { catchUpMission } from "../../worker/read-model/catch-up.ts";
import { readRange } from "../../worker/traces.ts";
import { call, callerOf, expectStatus } from "../support/api.ts";
import {
  AGENT,
  bundle,
  evict,
  freshMissionId,
  inside,
  missionObject,
  openRequest,
  proposeRequest,
  request,
  TEAM,
} from "../support/mission-world.ts";
import { setLimits } from "../support/small-limits.ts";
import { bindings } from "../support/team-world.ts";

const MIB = 1024 * 1024;
const STATEMENT_CHARS = 2_000;
const CLAIMS = 115;

/** A bundle of about 250 KiB; its text takes two bytes a character in places, so bytes are not characters. */
function largeBundle(note: number) {
  const claims = Array.from({ length: CLAIMS }, (_, index) => ({
    id: `c${index}`,
    subject: "order 7",
    predicate: "was returned",
    value: true,
    statement: `${note}/${index} ü `.padEnd(STATEMENT_CHARS, "evidence "),
    confidence: 0.9,
    sources: [{ identifier: "https://orders.example/7", kind: "primary", title: "Order 7" }],
  }));
  return createEvidenceBundle(evidenceInputSchema.parse({ kind: "order", claims }), AGENT.id);
}

async function openAndPropose(missionId: string): Promise<MissionRpc> {
  const stub = missionObject(missionId);
  for (const step of [openRequest(missionId), proposeRequest("decide", null)]) {
    const executed = await stub.execute(step);
    if (!executed.ok) throw new Error(JSON.stringify(executed.error));
  }
  return stub;
}

describe("a mission of 40 MB", () => {
  it("is read, verified, streamed and indexed to its end", { timeout: 60_000 }, async () => {
    const missionId = freshMissionId();
    const stub = await openAndPropose(missionId);
    const key = { team: TEAM, missionId };
    let bytes = 0;
    for (let note = 0; bytes < 40 * MIB; note += 1) {
      const large = largeBundle(note);
      bytes += JSON.stringify(large).length;
      const added = await stub.execute(
        request({ type: "SubmitEvidence", nodeId: "decide", bundle: large }),
      );
      if (!added.ok) throw new Error(JSON.stringify(added.error));
    }
    await evict(stub);
    const viewed = await stub.view(TEAM);
    if (!viewed.ok) throw new Error(viewed.error.reason);
    const { head, broken } = viewed.value;
    expect(broken).toBeNull();

    const events: TraceEvent[] = [];
    for (let after = -1; after < head.seq; after = events.length - 1) {
      const page = await stub.readTrace(TEAM, after, LIMITS.tracePageMax);
      if (!page.ok) throw new Error(page.error.reason);
      expect(page.value.events.length).toBeGreaterThan(0);
      const pageBytes = new TextEncoder().encode(JSON.stringify(page.value.events)).byteLength;
      expect(pageBytes).toBeLessThanOrEqual(LIMITS.tracePageBytesMax);
      events.push(...page.value.events);
    }
    expect(verifyTrace(events, { missionId, expectedHead: head }).ok).toBe(true);
    const source = { stub: () => missionObject(missionId), team: TEAM, missionId };
    const range = await readRange(source, 3, 40);
    expect(range.ok && range.value.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 4),
    );

    const auditor = callerOf(TEAM, "auditor");
    const verdict = await call(auditor, "POST", "/v1/audit/verify", { missionId });
    expect(verdict.body).toEqual({ valid: true, events: head.seq + 1, head });
    const streamed = await expectStatus(
      call(auditor, "GET", `/v1/missions/${missionId}/trace`, undefined, {
        accept: "application/x-ndjson",
      }),
      200,
    );
    expect(verifyTraceText(streamed.text, { missionId, expectedHead: head }).ok).toBe(true);

    // First by its own messages, then by one that names nothing but the range.
    const isIndexed = async () => {
      const [row] = await readMissionRows(bindings.DB, [key]);
      expect(row?.headSeq).toBe(head.seq);
    };
    await vi.waitFor(isIndexed, { timeout: 20_000, interval: 100 });
    await clearMission(bindings.DB, key);
    const caughtUp = await catchUpMission(catchUpDeps(bindings), key, null, head.seq);
    expect(caughtUp).toMatchObject({ ok: true, value: { headSeq: head.seq } });
    await isIndexed();
  });
});

describe("a mission that takes all the bytes it may", () => {
  it("refuses what makes it grow, and still hears people, the clock and the gateway", async () => {
    const missionId = freshMissionId();
    const stub = await openAndPropose(missionId);
    const note = (text: string) =>
      stub.execute(
        request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order", text) }),
      );
    const stored = () =>
      inside(stub, ({ sql }) =>
        sql.exec<{ bytes: number }>("SELECT sum(octet_length(events)) AS bytes FROM journal").one(),
      );
    setLimits({ missionBytesMax: (await stored()).bytes + 1_500 });
    expect(await note("one")).toMatchObject({ ok: true });
    expect(await note("two, the one that crosses")).toMatchObject({ ok: true });
    const refused = {
      ok: false,
      error: { reason: "mission_full", bytesMax: LIMITS.missionBytesMax },
    };
    expect(await note("three")).toMatchObject(refused);
    await evict(stub);
    expect(await note("three, after a wake")).toMatchObject(refused);
    const human = { kind: "human", id: "operator" } as const;
    const paused = await stub.execute(
      request({ type: "Intervene", kind: "pause", reason: "it is full", actor: human }),
    );
    expect(paused).toMatchObject({ ok: true });
  });
});
