/**
 * The hash chain of a trace: what was linked verifies, and every way of tampering is found at its seq.
 * What is no event at all stands in event-shape.test.ts.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import { Breach } from "../../shared/invariant.ts";
import { unixMsToIso } from "../../shared/time.ts";
import {
  EMPTY_HEAD,
  encodeTrace,
  GENESIS_HASH,
  hashEvent,
  linkEvent,
  verifyTrace,
  verifyTraceText,
  type EventDraft,
  type Head,
  type TraceEvent,
} from "../../shared/trace/index.ts";

const LAW = { numRuns: 1_000, verbose: true } as const;
const MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
const OTHER_MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c073990";
const START_MS = 1_767_225_600_000;

function draft(n: number, changed: Partial<EventDraft> = {}): EventDraft {
  return {
    nodeId: n % 5 === 0 ? null : `node-${n % 5}`,
    type: "gate.evaluated",
    actor: { kind: "agent", id: "agent-é" },
    at: unixMsToIso(START_MS + n * 1_000),
    stateBefore: "READY",
    stateAfter: n % 2 === 0 ? "RUNNING" : "BLOCKED",
    evidenceHash: n % 3 === 0 ? sha256Hex(`evidence ${n}`) : null,
    approvalSignature: null,
    gateResult: {
      verdict: "pause",
      score: n / 7,
      reasons: [
        {
          code: "APPROVAL_MISSING",
          gate: "approval",
          detail: "one of two",
          counterfactual: "one more",
        },
        { code: "EVIDENCE_STALE", gate: "evidence", detail: "claim c2\n\u001f" },
      ],
      gates: [
        { gate: "readiness", verdict: "allow" },
        { gate: "approval", verdict: "pause" },
      ],
    },
    policyVersion: sha256Hex("policy"),
    data: { n, tiny: 1e-7, big: 1e30, list: [null, true, "x"], constructor: { toString: n } },
    ...changed,
  };
}

function chain(count: number, missionId: string = MISSION, from: Head = EMPTY_HEAD): TraceEvent[] {
  const events: TraceEvent[] = [];
  let head = from;
  for (let n = 0; n < count; n += 1) {
    const event = linkEvent(head, missionId, draft(from.seq + 1 + n));
    events.push(event);
    head = { seq: event.seq, hash: event.hash };
  }
  return events;
}

function headOf(events: readonly TraceEvent[]): Head {
  const last = events.at(-1);
  return last === undefined ? EMPTY_HEAD : { seq: last.seq, hash: last.hash };
}

/** The event with members changed and its hash made to fit again, as a forger without a key would. */
function rehashed(event: TraceEvent, changed: Partial<TraceEvent>): TraceEvent {
  const forged = { ...event, ...changed };
  return { ...forged, hash: hashEvent(forged) };
}

const trace = chain(64);
const head = headOf(trace);

describe("linking", () => {
  test("the first event follows 64 zeros and counts from 0", () => {
    expect(GENESIS_HASH).toBe("0".repeat(64));
    expect(trace[0]).toMatchObject({ seq: 0, prevHash: GENESIS_HASH, missionId: MISSION });
    expect(trace[1]).toMatchObject({ seq: 1, prevHash: trace[0]?.hash });
  });

  test("the hash is SHA-256 over the canonical event without its hash", () => {
    for (const event of trace) {
      const { hash, ...unhashed } = event;
      expect(hash).toBe(sha256Hex(canonicalJson(unhashed)));
      expect(hashEvent(event)).toBe(hash);
    }
  });

  test("a stored first event keeps its hash, as computed outside this code", () => {
    const plain = draft(0, { data: {}, gateResult: null, evidenceHash: null, nodeId: null });
    expect(linkEvent(EMPTY_HEAD, MISSION, plain).hash).toBe(
      "0f29cb809475aaa95200159c2fe9fc16e172ccd6328479e979381e1c472c2e1a",
    );
  });

  test("a draft with a bad time or with what JSON cannot say is a breach", () => {
    const undefinedInside = { a: undefined } as unknown as EventDraft["data"];
    expect(() => linkEvent(EMPTY_HEAD, MISSION, draft(0, { at: "2026-01-01" }))).toThrow(Breach);
    expect(() => linkEvent(EMPTY_HEAD, MISSION, draft(0, { data: undefinedInside }))).toThrow(
      Breach,
    );
  });
});

describe("an untouched trace", () => {
  test("verifies, and the answer is its length and head", () => {
    const expected = { ok: true, value: { events: 64, head } };
    expect(verifyTrace(trace)).toEqual(expected);
    expect(verifyTrace(trace, { expectedHead: head, missionId: MISSION })).toEqual(expected);
    expect(verifyTraceText(encodeTrace(trace), { expectedHead: head })).toEqual(expected);
    expect(verifyTrace(JSON.parse(JSON.stringify(trace)) as unknown[])).toEqual(expected);
  });

  test("verifies from any head within it", () => {
    for (let cut = 0; cut <= 64; cut += 1) {
      const from = headOf(trace.slice(0, cut));
      const result = verifyTrace(trace.slice(cut), { from, expectedHead: head });
      expect(result).toEqual({ ok: true, value: { events: 64 - cut, head } });
    }
  });

  test("no events at all are a trace that ends where it starts", () => {
    const empty = { ok: true, value: { events: 0, head: EMPTY_HEAD } };
    expect(verifyTrace([])).toEqual(empty);
    expect(verifyTraceText("")).toEqual(empty);
    expect(verifyTrace([], { expectedHead: EMPTY_HEAD })).toEqual(empty);
  });

  test("two events may share a moment", () => {
    const first = linkEvent(EMPTY_HEAD, MISSION, draft(1));
    const second = linkEvent(headOf([first]), MISSION, draft(1));
    expect(verifyTrace([first, second]).ok).toBe(true);
  });
});

describe("a changed export", () => {
  const bytes = new TextEncoder().encode(encodeTrace(trace));
  /** The seq whose line each byte belongs to; a newline belongs to the line it ends. */
  const seqAt: number[] = [];
  let line = 0;
  for (const byte of bytes) {
    seqAt.push(line);
    if (byte === 0x0a) line += 1;
  }

  /** Fails unless the tampering is found at the seq of the changed byte. */
  function expectFound(changed: Uint8Array, at: number): void {
    const seq = seqAt[at];
    const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(changed);
    const result = verifyTraceText(text, { expectedHead: head });
    if (result.ok) throw new Error(`byte ${at} changed and nothing was found`);
    if (result.error.seq !== seq) {
      throw new Error(`byte ${at}: expected seq ${seq}, found ${JSON.stringify(result.error)}`);
    }
  }

  test("any byte changed to any other is found at its seq", () => {
    const change = fc.record({
      at: fc.nat({ max: bytes.length - 1 }),
      flip: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(change, ({ at, flip }) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        expectFound(changed, at);
      }),
      LAW,
    );
  });

  test("every bit of one event is found at its seq", () => {
    const first = seqAt.indexOf(40);
    const end = seqAt.indexOf(41);
    let flipped = 0;
    for (let at = first; at < end; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const lines = new TextDecoder().decode(changed.subarray(first)).split("\n");
        const from = headOf(trace.slice(0, 40));
        const result = verifyTraceText(lines.slice(0, 3).join("\n"), { from });
        expect(result).toMatchObject({ ok: false, error: { seq: 40 } });
        flipped += 1;
      }
    }
    expect(flipped).toBeGreaterThan(6_000);
  });

  test("a line that says the same in other bytes is found too", () => {
    const text = encodeTrace(trace);
    for (const [from, to] of [
      ['"n":5', '"n": 5'],
      ['"n":5,', '"n":5.0,'],
      ["1e+30", "1E+30"],
      ["\\u001f", "\\u001F"],
      ["\n", "\r\n"],
      ["{", " {"],
    ] as const) {
      expect(text).toContain(from);
      const seq = text.slice(0, text.indexOf(from)).split("\n").length - 1;
      expect(verifyTraceText(text.replace(from, to))).toMatchObject({
        ok: false,
        error: { seq, reason: "event_malformed" },
      });
    }
  });

  test("an empty line, a torn last line and a second document are found", () => {
    const text = encodeTrace(trace);
    expect(verifyTraceText(`${text}\n`)).toMatchObject({ error: { seq: 64 } });
    expect(verifyTraceText(text.slice(0, -10))).toMatchObject({ error: { seq: 63 } });
    expect(verifyTraceText(`\n${text}`)).toMatchObject({ error: { seq: 0 } });
    expect(verifyTraceText(text + text)).toMatchObject({ error: { seq: 64, reason: "seq_gap" } });
  });
});

describe("a changed trace", () => {
  const place = fc.nat({ max: 63 });

  test("a removed event is a gap at its seq", () => {
    for (let at = 0; at < 63; at += 1) {
      const cut = trace.toSpliced(at, 1);
      expect(verifyTrace(cut)).toMatchObject({ ok: false, error: { seq: at, reason: "seq_gap" } });
    }
  });

  test("two swapped events are a gap at the first of them", () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        fc.pre(a !== b);
        const swapped = [...trace];
        const [first, second] = [trace[a], trace[b]];
        if (first === undefined || second === undefined) throw new Error("out of the trace");
        swapped[a] = second;
        swapped[b] = first;
        expect(verifyTrace(swapped)).toMatchObject({
          error: { seq: Math.min(a, b), reason: "seq_gap" },
        });
      }),
      LAW,
    );
  });

  test("a repeated event is a gap behind its first place", () => {
    for (const event of trace) {
      const doubled = trace.toSpliced(event.seq, 0, event);
      expect(verifyTrace(doubled)).toMatchObject({
        error: { seq: event.seq + 1, reason: "seq_gap" },
      });
    }
  });

  test("a cut tail is missing from the expected head on", () => {
    for (let kept = 0; kept < 64; kept += 1) {
      const cut = trace.slice(0, kept);
      expect(verifyTrace(cut, { expectedHead: head })).toMatchObject({
        error: { seq: kept, reason: "tail_missing" },
      });
    }
  });

  test("events behind the expected head are extra", () => {
    for (let at = -1; at < 63; at += 1) {
      const expectedHead = headOf(trace.slice(0, at + 1));
      expect(verifyTrace(trace, { expectedHead })).toMatchObject({
        error: { seq: at + 1, reason: "tail_extra" },
      });
    }
    const from = headOf(trace.slice(0, 10));
    const expectedHead = headOf(trace.slice(0, 5));
    expect(verifyTrace([], { from, expectedHead })).toMatchObject({
      error: { seq: 5, reason: "tail_extra" },
    });
  });

  test("a member changed without a new hash is a hash mismatch at its seq", () => {
    const changes: readonly Partial<TraceEvent>[] = [
      { type: "gate.evaluatec" },
      { nodeId: "other" },
      { actor: { kind: "human", id: "agent-é" } },
      { stateAfter: null },
      { gateResult: null },
      { policyVersion: null },
      { data: {} },
      { hash: "f".repeat(64) },
      { approvalSignature: "sig" },
      { at: unixMsToIso(0) },
    ];
    for (const changed of changes) {
      const tampered = trace.map((event) => (event.seq === 20 ? { ...event, ...changed } : event));
      expect(verifyTrace(tampered)).toMatchObject({ error: { seq: 20, reason: "hash_mismatch" } });
    }
  });

  test("a member changed with a new hash breaks the link of the next event", () => {
    for (let at = 0; at < 63; at += 1) {
      const tampered = trace.map((event) =>
        event.seq === at ? rehashed(event, { data: {} }) : event,
      );
      expect(verifyTrace(tampered)).toMatchObject({
        error: { seq: at + 1, reason: "prev_hash_mismatch" },
      });
    }
  });

  test("a tail re-hashed to its end is told apart by the expected head only", () => {
    const forged = trace.slice(0, 60);
    for (let n = 60; n < 64; n += 1) {
      forged.push(linkEvent(headOf(forged), MISSION, draft(n, { type: "forged" })));
    }
    expect(verifyTrace(forged).ok).toBe(true);
    expect(verifyTrace(forged, { expectedHead: head })).toMatchObject({
      error: { seq: 63, reason: "hash_mismatch" },
    });
  });

  test("a wrong start breaks the link of the first event", () => {
    const from = { seq: 9, hash: "a".repeat(64) };
    expect(verifyTrace(trace.slice(10), { from })).toMatchObject({
      error: { seq: 10, reason: "prev_hash_mismatch" },
    });
    expect(verifyTrace(trace.slice(10))).toMatchObject({ error: { seq: 0, reason: "seq_gap" } });
  });

  test("events of another mission are a mismatch where they are spliced in", () => {
    const other = chain(64, OTHER_MISSION);
    const spliced = [...trace.slice(0, 30), ...other.slice(30)];
    expect(verifyTrace(spliced)).toMatchObject({ error: { seq: 30, reason: "mission_mismatch" } });
    expect(verifyTrace(trace, { missionId: OTHER_MISSION })).toMatchObject({
      error: { seq: 0, reason: "mission_mismatch" },
    });
  });

  test("a well-linked event before its predecessor in time is found", () => {
    const events = trace.slice(0, 10);
    events.push(linkEvent(headOf(events), MISSION, draft(10, { at: unixMsToIso(START_MS) })));
    expect(verifyTrace(events)).toMatchObject({ error: { seq: 10, reason: "time_decreased" } });
  });
});
