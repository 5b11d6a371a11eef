/** Answers: what a caller is told follows from the command's own events alone. */
import { describe, expect, test } from "vitest";
import { type Answer, answerOf, decide } from "../../shared/mission/index.ts";
import {
  agent,
  approvalNode,
  claim,
  decisionNode,
  evidence,
  executionNode,
  iso,
  person,
  plan,
  policy,
  source,
  systemNode,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, createRun, denies, given, reports, type Step } from "../support/scenario.ts";

/** The answer to the last step, as the object gives it: over the recorded events of that command. */
function answerTo(...steps: readonly Exclude<Step, { stateBefore: unknown }>[]): Answer {
  const run = createRun();
  let answer: Answer | null = null;
  for (const step of steps) {
    const decided = run.execute(typeof step === "function" ? step(run) : step);
    if (!decided.ok) throw new Error(JSON.stringify(decided.error));
    answer = answerOf(decided.value);
  }
  if (!answer) throw new Error("no step, no answer");
  return answer;
}

const WORK = plan([decisionNode("a", { evidenceIn: ["brief"], attemptsMax: 1 }), systemNode("b")], {
  missionInputs: ["brief"],
});
const RUN = plan([executionNode("run")]);
const SIGN = plan([approvalNode("sign")]);
const brief = evidence("brief");

describe("answerOf", () => {
  test("opening answers the mission, its hashes and its ready set", () => {
    const compiled = plan([decisionNode("a"), decisionNode("b"), systemNode("c")], { edges: [] });
    expect(answerTo(openMission(compiled))).toEqual({
      type: "opened",
      missionId: expect.stringMatching(/^msn_/),
      state: "active",
      planHash: compiled.hash,
      policyVersion: policy().version,
      ready: ["a", "b"],
    });
  });

  test("opening a mission that completes at once says so", () => {
    expect(answerTo(openMission(plan([systemNode("a")])))).toMatchObject({
      state: "completed",
      ready: [],
    });
  });

  test("evidence answers its hash and what a reader should know of its sources", () => {
    const mixed = evidence("brief", {
      claims: [
        claim("c1"),
        claim("c2", { sources: [] }),
        claim("c3", { sources: [source({ kind: "secondary" })] }),
      ],
    });
    expect(answerTo(openMission(WORK), submitEvidence(1, "a", mixed))).toEqual({
      type: "evidence",
      id: mixed.id,
      hash: mixed.hash,
      verification: {
        state: "hash_verified",
        claims: 3,
        unsourced: ["c2"],
        withoutPrimary: ["c2", "c3"],
      },
      nodeState: "READY",
    });
  });

  test("evidence that unblocks answers where the node got", () => {
    expect(
      answerTo(openMission(WORK), propose(1, "a"), submitEvidence(2, "a", brief)),
    ).toMatchObject({ type: "evidence", nodeState: "RUNNING" });
  });

  test("an adopted proposal answers its gate's result, and the ticket when there is one", () => {
    const allowed = answerTo(openMission(RUN), propose(1, "run", { action: vendorSwitch() }));
    expect(allowed).toMatchObject({
      type: "gate",
      adopted: true,
      nodeState: "RUNNING",
      gateResult: { verdict: "allow" },
      ticket: { jti: expect.stringMatching(/^tkt_/), expiresAt: iso(61) },
    });
    expect(answerTo(openMission(WORK), propose(1, "a"))).toMatchObject({
      adopted: true,
      nodeState: "BLOCKED",
      gateResult: { verdict: "block" },
      ticket: null,
    });
  });

  test("a refused proposal answers the gate's result over what was proposed", () => {
    const refused = answerTo(
      openMission(WORK),
      propose(1, "a", { agent: agent("agent-a", { banned: true }) }),
    );
    expect(refused).toMatchObject({
      type: "gate",
      adopted: false,
      nodeState: "READY",
      gateResult: { verdict: "block" },
      ticket: null,
    });
    const unknown = answerTo(openMission(WORK), propose(1, "a", { agent: null }));
    expect(unknown).toMatchObject({ adopted: false, proposalId: expect.stringMatching(/^prp_/) });
  });

  test("an approval answers the decision, and the gate when it was asked again", () => {
    expect(answerTo(openMission(SIGN), approves(1, "sign", person("ann")))).toMatchObject({
      type: "approval",
      decision: "approve",
      approver: "ann",
      nodeState: "DONE",
      gateResult: { verdict: "allow" },
    });
    expect(answerTo(openMission(SIGN), denies(1, "sign", person("ann")))).toMatchObject({
      decision: "deny",
      nodeState: "BLOCKED",
      gateResult: { verdict: "block" },
    });
    const two = plan([approvalNode("sign", { approval: { quorum: 2 } })]);
    expect(answerTo(openMission(two), approves(1, "sign", person("ann")))).toMatchObject({
      nodeState: "BLOCKED",
      gateResult: null,
    });
  });

  test("an approval or a proposal whose exit gate then blocked answers the exit gate", () => {
    const minutes = plan([
      approvalNode("sign", { approves: "run", evidenceOut: ["minutes"] }),
      executionNode("run"),
    ]);
    const asked = [
      openMission(minutes),
      propose(1, "sign", { action: vendorSwitch() }),
      approves(2, "sign", person("ann")),
    ] as const;
    const blocked = {
      nodeState: "BLOCKED",
      gateResult: { verdict: "block", reasons: [{ code: "EVIDENCE_MISSING" }] },
    };
    expect(answerTo(...asked)).toMatchObject({ type: "approval", ...blocked });
    expect(answerTo(...asked, propose(3, "sign", { action: vendorSwitch() }))).toMatchObject({
      type: "gate",
      adopted: true,
      ticket: null,
      ...blocked,
    });
  });

  test("a result answers the exit gate, or the failure of its tests as a block", () => {
    const opened = openMission(WORK, { inputs: [brief] });
    expect(answerTo(opened, propose(1, "a"), submitResult(2, "a"))).toMatchObject({
      type: "result",
      nodeState: "DONE",
      gateResult: { verdict: "allow" },
    });
    const failed = answerTo(
      opened,
      propose(1, "a"),
      submitResult(2, "a", { tests: [{ id: "accepted", passed: false }] }),
    );
    expect(failed).toMatchObject({
      nodeState: "BLOCKED",
      gateResult: { verdict: "block", reasons: [{ code: "TEST_FAILED" }] },
    });
  });

  test("an intervention answers the mission's state; the clock and the gateway answer how much was recorded", () => {
    expect(answerTo(openMission(WORK), intervene(1, "pause"))).toEqual({
      type: "intervention",
      state: "paused",
      reset: [],
    });
    expect(answerTo(openMission(WORK), passTime(1))).toEqual({ type: "recorded", events: 0 });
    expect(
      answerTo(openMission(RUN), propose(1, "run", { action: vendorSwitch() }), reports(2, "run")),
    ).toEqual({ type: "recorded", events: 3 });
  });

  test("a deadline that passed first does not answer for the command", () => {
    const both = plan([approvalNode("sign"), decisionNode("a")], { edges: [] });
    expect(answerTo(openMission(both), propose(90_000, "a"))).toMatchObject({
      type: "gate",
      nodeState: "RUNNING",
    });
  });

  test("drafts and recorded events answer alike, so a stored row answers a retry", () => {
    const { run } = given(openMission(RUN));
    const command = propose(1, "run", { action: vendorSwitch() });
    const drafts = decide(run.state, command);
    const recorded = createRun();
    recorded.execute(openMission(RUN));
    const stored = recorded.execute(command);
    expect(drafts.ok && stored.ok && answerOf(JSON.parse(JSON.stringify(stored.value)))).toEqual(
      drafts.ok && answerOf(drafts.value),
    );
  });
});
