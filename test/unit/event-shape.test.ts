/**
 * The shape of a trace event, member by member: what verifying a trace calls malformed.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  EMPTY_HEAD,
  linkEvent,
  verifyTrace,
  verifyTraceText,
  type GateResultRecord,
} from "../../shared/trace/index.ts";

const LAW = { numRuns: 1_000, verbose: true } as const;

const gate: GateResultRecord = {
  verdict: "pause",
  score: 0.5,
  reasons: [
    {
      code: "APPROVAL_MISSING",
      gate: "approval",
      detail: "one of two",
      counterfactual: "one more",
    },
  ],
  gates: [{ gate: "approval", verdict: "pause" }],
};
const event = linkEvent(EMPTY_HEAD, "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f", {
  nodeId: "approve",
  type: "gate.evaluated",
  actor: { kind: "agent", id: "agent-1" },
  at: "2026-01-01T00:00:00.000Z",
  stateBefore: "READY",
  stateAfter: "BLOCKED",
  evidenceHash: null,
  approvalSignature: null,
  gateResult: gate,
  policyVersion: null,
  data: { n: 1 },
});

describe("a malformed event", () => {
  test("each member is required and no other is allowed", () => {
    for (const name of Object.keys(event)) {
      const { [name]: _dropped, ...rest } = { ...event } as Record<string, unknown>;
      expect(verifyTrace([rest])).toMatchObject({ error: { seq: 0, reason: "event_malformed" } });
      const replaced = { ...rest, extra: null };
      expect(verifyTrace([replaced])).toMatchObject({ error: { reason: "event_malformed" } });
    }
    expect(verifyTrace([{ ...event, extra: null }])).toMatchObject({
      error: { seq: 0, reason: "event_malformed" },
    });
  });

  test.each([
    ["null", null],
    ["a string", "event"],
    ["an array", []],
    ["a negative seq", { ...event, seq: -1 }],
    ["a fractional seq", { ...event, seq: 0.5 }],
    ["a seq in text", { ...event, seq: "0" }],
    ["a number for missionId", { ...event, missionId: 1 }],
    ["a number for nodeId", { ...event, nodeId: 1 }],
    ["undefined for nodeId", { ...event, nodeId: undefined }],
    ["null for type", { ...event, type: null }],
    ["an unknown kind of actor", { ...event, actor: { kind: "robot", id: "x" } }],
    ["an actor with more", { ...event, actor: { kind: "agent", id: "x", team: "y" } }],
    ["a time without milliseconds", { ...event, at: "2026-01-01T00:00:00Z" }],
    ["a date that never was", { ...event, at: "2026-02-30T00:00:00.000Z" }],
    ["data that is no object", { ...event, data: [] }],
    ["data that JSON cannot say", { ...event, data: { a: undefined } }],
    ["a hash in upper case", { ...event, hash: event.hash.toUpperCase() }],
    ["a short prevHash", { ...event, prevHash: "0" }],
    [
      "a gate result with an unknown verdict",
      { ...event, gateResult: { ...gate, verdict: "maybe" } },
    ],
    ["a gate result without a score", { ...event, gateResult: { ...gate, score: null } }],
    ["a gate result with more", { ...event, gateResult: { ...gate, extra: 1 } }],
    [
      "a reason without detail",
      { ...event, gateResult: { ...gate, reasons: [{ code: "a", gate: "b" }] } },
    ],
    [
      "a reason with more",
      {
        ...event,
        gateResult: { ...gate, reasons: [{ code: "a", gate: "b", detail: "c", x: "d" }] },
      },
    ],
    [
      "a gate with an unknown verdict",
      { ...event, gateResult: { ...gate, gates: [{ gate: "a", verdict: "" }] } },
    ],
  ])("%s is malformed", (_name, value) => {
    expect(verifyTrace([event]).ok).toBe(true);
    expect(verifyTrace([value])).toMatchObject({ error: { seq: 0, reason: "event_malformed" } });
  });

  test("nothing it is given makes it throw", () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (value, text) => {
        expect(verifyTrace([value]).ok).toBe(false);
        expect(verifyTraceText(`${text}x`).ok).toBe(false);
      }),
      LAW,
    );
  });
});
