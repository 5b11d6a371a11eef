/**
 * Certification of inputs: what somebody sent is checked by itself where it can be, and by what followed
 * where it cannot. Source: docs/replay.md.
 */
import { describe, expect, test } from "vitest";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { evidence, person, signStatement } from "../support/builders.ts";
import { caughtAt, type Change, eventsOf, find, forged, withLeaf } from "../support/forgery.ts";
import type { GOLDEN_STORIES } from "../support/golden-stories.ts";

describe("an input that was changed", () => {
  const mallory = person("mallory");

  /** What is forged, in which story, and how many events later the trace stops following. */
  const cases: readonly (readonly [
    string,
    keyof typeof GOLDEN_STORIES,
    (e: TraceEvent) => boolean,
    Change,
    number,
  ])[] = [
    [
      "evidence that does not give its hash",
      "amended",
      (e) => e.type === "evidence.submitted",
      (e) => ({ data: { bundle: { ...(e.data["bundle"] as object), claims: [] } } }),
      0,
    ],
    [
      "evidence of another bundle than the event names",
      "amended",
      (e) => e.type === "evidence.submitted",
      () => ({ data: { bundle: evidence("brief", { expiresAt: "2027-01-01T00:00:00.000Z" }) } }),
      0,
    ],
    [
      "evidence sent by another",
      "amended",
      (e) => e.type === "evidence.submitted",
      () => ({ actor: { kind: "agent", id: "mallory" } }),
      0,
    ],
    [
      "arguments",
      "amended",
      (e) => e.type === "proposal.submitted" && e.nodeId === "switch",
      (e) => ({ data: withLeaf(e.data, ["proposal", "action", "args", "vendor"]) }),
      0,
    ],
    [
      "the proposer of a proposal",
      "amended",
      (e) => e.type === "proposal.submitted",
      () => ({ actor: { kind: "agent", id: "mallory" } }),
      0,
    ],
    [
      "a banned agent's ban",
      "troubled",
      (e) => e.type === "proposal.refused" && e.data["proposal"] !== null,
      (e) => ({ data: withLeaf(e.data, ["proposal", "agent", "banned"]) }),
      0,
    ],
    [
      "what an unknown agent proposed",
      "troubled",
      (e) => e.type === "proposal.refused",
      (e) => ({ data: { ...e.data, asked: { ...(e.data["asked"] as object), rationale: "" } } }),
      0,
    ],
    [
      "a refusal that hides what was proposed",
      "troubled",
      (e) => e.type === "proposal.refused",
      ({ data: { asked: _asked, ...data } }) => ({ data }),
      0,
    ],
    [
      "a signature",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({ approvalSignature: `${e.approvalSignature?.slice(0, -4)}AAAA` }),
      0,
    ],
    [
      "an approver",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({
        data: { ...e.data, approver: "mallory" },
        actor: { kind: "human", id: "mallory" },
      }),
      0,
    ],
    [
      "a signature by another key, which is recorded with it",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({
        data: { ...e.data, kid: mallory.keys[0].kid, jwk: mallory.keys[0].publicJwk },
      }),
      0,
    ],
    [
      "a key that is not its kid's",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({ data: { ...e.data, jwk: mallory.keys[0].publicJwk } }),
      0,
    ],
    [
      "a statement about something else",
      "amended",
      (e) => e.type === "approval.granted",
      () => ({ approvalSignature: signStatement({ decision: "approve" }, person("ann").keys[0]) }),
      0,
    ],
    [
      "a denial into an approval",
      "troubled",
      (e) => e.type === "approval.denied",
      () => ({ type: "approval.granted", gateResult: null }),
      0,
    ],
    [
      "a quorum count",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({ data: withLeaf(e.data, ["have"]) }),
      0,
    ],
    [
      "failed tests into passed ones",
      "troubled",
      (e) => e.type === "result.submitted",
      (e) => ({ data: withLeaf(e.data, ["result", "tests", 0, "passed"]) }),
      1,
    ],
    [
      "who a result is of",
      "troubled",
      (e) => e.type === "result.submitted",
      (e) => ({ data: withLeaf(e.data, ["result", "by"]) }),
      0,
    ],
    [
      "an unknown outcome into a success",
      "troubled",
      (e) => e.type === "receipt.recorded",
      (e) => ({
        data: { ...e.data, receipt: { ...(e.data["receipt"] as object), outcome: "succeeded" } },
      }),
      1,
    ],
    [
      "a receipt's ticket",
      "amended",
      (e) => e.type === "receipt.recorded",
      (e) => ({ data: withLeaf(e.data, ["receipt", "jti"]) }),
      0,
    ],
    [
      "the number of re-sends",
      "troubled",
      (e) => e.type === "receipt.recorded",
      (e) => ({ data: withLeaf(e.data, ["resends"]) }),
      0,
    ],
    [
      "a replayed ticket into an expected duplicate",
      "troubled",
      (e) => e.type === "ticket.denied",
      () => ({ type: "ticket.duplicate" }),
      0,
    ],
    [
      "an expected duplicate into an attack",
      "troubled",
      (e) => e.type === "ticket.duplicate",
      () => ({ type: "ticket.denied" }),
      0,
    ],
    [
      "a pause into a stop",
      "troubled",
      (e) => e.type === "mission.paused",
      () => ({ type: "mission.stopped", stateAfter: "stopped" }),
      3,
    ],
    [
      "a resumption into a pause",
      "troubled",
      (e) => e.type === "mission.resumed",
      () => ({ type: "mission.paused" }),
      0,
    ],
    [
      "the plan",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["plan", "nodes", 0, "risk"]) }),
      0,
    ],
    [
      "the plan's hash",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["planHash"]) }),
      0,
    ],
    [
      "the policy",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["policy", "document", "rules", 0, "effect"]) }),
      0,
    ],
    [
      "the policy's hash",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["policy", "hash"]) }),
      0,
    ],
    [
      "a mission input",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["inputs", 0, "claims", 0, "confidence"]) }),
      0,
    ],
    [
      "the generation of the rules",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["rules"]) }),
      0,
    ],
    [
      "an amendment's nodes",
      "amended",
      (e) => e.type === "amendment.proposed",
      (e) => ({ data: withLeaf(e.data, ["amendment", "nodes", 0, "title"]) }),
      0,
    ],
    [
      "an amendment's risk",
      "amended",
      (e) => e.type === "amendment.proposed",
      (e) => ({ data: withLeaf(e.data, ["risk"]) }),
      0,
    ],
    [
      "who proposed an amendment",
      "amended",
      (e) => e.type === "amendment.proposed" && e.actor.kind === "agent",
      () => ({ actor: { kind: "agent", id: "ann" } }),
      0,
    ],
    [
      "a refused amendment into a proposed one",
      "amended",
      (e) => e.type === "amendment.refused",
      () => ({ type: "amendment.proposed" }),
      0,
    ],
    [
      "the policy that was re-pinned",
      "repinned",
      (e) => e.type === "mission.policy_repinned",
      (e) => ({ data: withLeaf(e.data, ["policy", "document", "rules", 1, "when", 0, "value"]) }),
      0,
    ],
    [
      "the signature of a re-pin",
      "repinned",
      (e) => e.type === "mission.policy_repinned",
      (e) => ({ approvalSignature: `${e.approvalSignature?.slice(0, -4)}AAAA` }),
      0,
    ],
  ];

  test.each(cases)("%s", (_what, story, which, change, later) => {
    const { seq } = find(story, which);
    expect(caughtAt(forged(eventsOf(story), seq, change))).toBe(seq + later);
  });
});
