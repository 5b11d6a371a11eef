/**
 * The gates that pause for people, in a mission: observations are recorded with the proposal, the
 * digest covers them, an approval overrides the pause, and neither a block nor a seal is overridden.
 */
import { describe, expect, test } from "vitest";
import { hashJson } from "../../shared/canonical.ts";
import { summarizeEvidence } from "../../shared/evidence/index.ts";
import { explainGate, type Proposal, stateHash, viewNode } from "../../shared/mission/index.ts";
import { looseningOf } from "../../shared/policy/index.ts";
import {
  agent,
  decisionNode,
  evidence,
  executionNode,
  iso,
  person,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import {
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, denies, given, requestOf, type Run, type Step } from "../support/scenario.ts";

const ann = person("ann");
const ben = person("ben");

const BORDERS = [
  { id: "regulatory", budget: 0.5, evidenceMin: 0.7, overBudget: "pause" as const },
  { id: "finance", budget: 0.6, constraints: ["cash"] },
];
const RUN = plan([executionNode("run", { universes: BORDERS })]);
const ACTION = vendorSwitch({ contract: "C-7" });

const FINANCE = {
  id: "finance",
  risk: 0.42,
  constraints: [{ id: "cash", violated: false }],
  evidence: 0.88,
  uncertainty: 0.15,
};
const CALM = { id: "regulatory", risk: 0.4, constraints: [], evidence: 0.8, uncertainty: 0.2 };
const TENSE = { ...CALM, risk: 0.78, evidence: 0.61 };

/** A proposal with members that the usual builder does not give it. */
function proposing(seconds: number, nodeId: string, members: Partial<Proposal>): Step {
  const usual = propose(seconds, nodeId, { action: members.action ?? null });
  return { ...usual, proposal: { ...usual.proposal, ...members } };
}
const observing = (seconds: number, ...universes: NonNullable<Proposal["universes"]>) =>
  proposing(seconds, "run", { action: ACTION, universes }) as ReturnType<typeof propose>;

function stateOf(run: Run) {
  if (!run.state) throw new Error("the mission is open");
  return run.state;
}

describe("universes in a mission", () => {
  test("inside every border the node runs, and the observations are recorded and shown", () => {
    const { events, run } = given(openMission(RUN), observing(1, FINANCE, CALM));
    const submitted = events.find((event) => event.type === "proposal.submitted");
    expect(submitted).toMatchObject({ data: { proposal: { universes: [FINANCE, CALM] } } });
    expect(events.at(-1)?.type).toBe("ticket.issued");
    expect(viewNode(stateOf(run), "run").proposal).toMatchObject({ universes: [FINANCE, CALM] });
  });

  test("without observations the gate pauses and asks a person, who reads why", () => {
    given(openMission(RUN))
      .when(propose(1, "run", { action: ACTION }))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: {
            verdict: "pause",
            reasons: [
              { code: "UNIVERSE_UNKNOWN", gate: "universe" },
              { code: "UNIVERSE_UNKNOWN", gate: "universe" },
              { code: "APPROVAL_MISSING", gate: "approval" },
            ],
          },
        },
        {
          type: "approval.requested",
          data: {
            requirement: { quorum: 1 },
            summary: expect.stringContaining("Paused: not known of finance") as string,
          },
        },
      );
  });

  test("an approval over the digest overrides the pause, and the result says so", () => {
    const history = [openMission(RUN), observing(1, FINANCE, TENSE)];
    expect(given(...history).events.at(-1)).toMatchObject({
      type: "approval.requested",
      data: { universes: [FINANCE, TENSE] },
    });
    given(...history)
      .when(approves(2, "run", ann))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked", data: { cause: "approval" } },
        {
          type: "gate.evaluated",
          stateAfter: "RUNNING",
          gateResult: {
            verdict: "allow",
            reasons: [
              {
                code: "PAUSE_OVERRIDDEN",
                gate: "universe",
                detail: "RISK_OVER_BUDGET, EVIDENCE_INCOMPLETE overridden by ann",
              },
            ],
          },
        },
        { type: "ticket.issued" },
      );
  });

  test("the override waits for the policy's quorum", () => {
    const strict = policy([rule({ actions: ["vendor.switch"], approval: { quorum: 2 } })]);
    const history = [
      openMission(RUN, { policy: strict }),
      observing(1, FINANCE, TENSE),
      approves(2, "run", ann),
    ];
    expect(given(...history).events.at(-1)).toMatchObject({
      type: "approval.granted",
      stateAfter: "BLOCKED",
      data: { have: 1, need: 2 },
    });
    expect(given(...history, approves(3, "run", ben)).events.at(-1)?.type).toBe("ticket.issued");
  });

  test("a better observation clears it without anybody", () => {
    const { events } = given(
      openMission(RUN),
      observing(1, FINANCE, TENSE),
      observing(2, FINANCE, CALM),
    );
    expect(events.at(-1)?.type).toBe("ticket.issued");
  });

  test("another observation is another digest, and voids what was approved", () => {
    const worse = { ...TENSE, risk: 0.9 };
    const { run } = given(openMission(RUN), observing(1, FINANCE, TENSE));
    const before = requestOf(run, "run")?.gateDigest;
    const after = given(
      openMission(RUN),
      observing(1, FINANCE, TENSE),
      observing(2, FINANCE, worse),
    );
    expect(requestOf(after.run, "run")?.gateDigest).not.toBe(before);
    expect(after.events.map(({ type }) => type)).toContain("approval.voided");
  });

  test("a denial is final for the digest: the same proposal again is blocked", () => {
    const { events } = given(
      openMission(RUN),
      observing(1, FINANCE, TENSE),
      denies(2, "run", ann),
      observing(3, FINANCE, TENSE),
    );
    expect(events.at(-1)).toMatchObject({
      type: "gate.evaluated",
      gateResult: { verdict: "block" },
    });
    expect(JSON.stringify(events.at(-1)?.gateResult)).toContain("APPROVAL_DENIED");
  });

  test("a hard constraint blocks, and nobody is asked", () => {
    const broke = { ...FINANCE, constraints: [{ id: "cash", violated: true }] };
    const { events } = given(openMission(RUN), observing(1, broke, CALM));
    expect(events.at(-1)).toMatchObject({
      type: "gate.evaluated",
      stateAfter: "BLOCKED",
      gateResult: { verdict: "block", score: 2 },
    });
  });

  test("a universe that the node does not declare is refused without touching the node", () => {
    const { events } = given(openMission(RUN), observing(1, { ...CALM, id: "mars" }));
    expect(events.at(-1)).toMatchObject({
      type: "proposal.refused",
      stateAfter: "READY",
      data: { proposal: { universes: [{ id: "mars" }] } },
    });
  });

  test("a proposal without declarations has the digest and the view it always had", () => {
    const bare = plan([executionNode("run")]);
    const { run, events } = given(openMission(bare), propose(1, "run", { action: ACTION }));
    expect(Object.keys(viewNode(stateOf(run), "run").proposal ?? {})).toEqual([
      "id",
      "agent",
      "rationale",
      "action",
    ]);
    // Taken from the code before there were universes: same plan, policy, action and attempt.
    expect(events.find(({ type }) => type === "gate.evaluated")?.data["gateDigest"]).toBe(
      "21d396a5199464f084d1605e56289f53f926b9d6fb7b7c7f6cc35cb60762d44c",
    );
  });

  test("a dry run takes observations and records nothing", () => {
    const { run } = given(openMission(RUN));
    const state = stateOf(run);
    const before = stateHash(state);
    const wondering = {
      rationale: "we wonder",
      action: ACTION,
      agent: agent("agent-a"),
      universes: [FINANCE, TENSE],
    };
    const explained = explainGate(state, "run", wondering, iso(1));
    expect(explained).toMatchObject({
      ok: true,
      value: {
        gateResult: {
          verdict: "pause",
          reasons: [
            {
              code: "RISK_OVER_BUDGET",
              counterfactual: "regulatory risk 0.78 must fall to 0.50",
            },
            { code: "EVIDENCE_INCOMPLETE" },
            { code: "APPROVAL_MISSING" },
          ],
        },
      },
    });
    expect(stateHash(state)).toBe(before);
  });
});

describe("criteria in a mission", () => {
  const JUDGED = plan([
    decisionNode("a", { criteria: [{ text: "it fits our culture", kind: "subjective" }] }),
  ]);

  test("a person decides what is subjective, and another rationale asks anew", () => {
    const paused = [
      openMission(JUDGED),
      proposing(1, "a", { rationale: "the staff voted for it" }),
    ];
    expect(given(...paused).events.at(-1)?.type).toBe("approval.requested");
    expect(given(...paused, approves(2, "a", ann)).run.state?.nodes.get("a")?.status).toBe(
      "RUNNING",
    );
    const again = given(...paused, proposing(2, "a", { rationale: "the board voted for it" }));
    expect(again.events.map(({ type }) => type)).toContain("approval.voided");
  });

  test("a node that was overridden leaves through its exit gate as any other", () => {
    const { events } = given(
      openMission(JUDGED),
      proposing(1, "a", { rationale: "the staff voted for it" }),
      approves(2, "a", ann),
      submitResult(3, "a"),
    );
    expect(events.at(-1)?.type).toBe("mission.completed");
  });
});

describe("ethics and accountability in a mission", () => {
  test("a forbidden purpose seals the mission, and says so as an incident", () => {
    const guarded = plan([executionNode("run")], { forbiddenPurposes: ["surveillance"] });
    const purpose = "surveillance.staff";
    const { events, run } = given(
      openMission(guarded),
      proposing(1, "run", { action: ACTION, purpose }),
    );
    expect(events.map(({ type }) => type).slice(-3)).toEqual([
      "gate.evaluated",
      "mission.sealed",
      "incident.raised",
    ]);
    expect(run.state).toMatchObject({ sealed: true, status: "stopped" });
  });

  test("a purpose that the pinned policy forbids seals as one that the plan forbids", () => {
    const team = policy();
    const document = { ...team.document, forbiddenPurposes: ["surveillance"] };
    const guarded = { ...team, document, hash: hashJson(document) };
    const { run } = given(
      openMission(plan([executionNode("run")]), { policy: guarded }),
      proposing(1, "run", { action: ACTION, purpose: "surveillance" }),
    );
    expect(run.state?.sealed).toBe(true);
  });

  test.each([
    ["the same purpose", ["surveillance.staff"], null],
    ["a purpose above it", ["surveillance", "x"], null],
    ["nothing", undefined, "no longer forbids the purpose surveillance.staff"],
    ["another purpose", ["marketing"], "no longer forbids the purpose surveillance.staff"],
  ] as const)("a policy that forbids %s instead is judged as a re-pin", (_what, next, detail) => {
    const subject = {
      kind: "execution",
      actionType: "vendor.switch",
      zone: null,
      risk: 2,
    } as const;
    const now = { name: "now", rules: [], forbiddenPurposes: ["surveillance.staff"] };
    const purposes = next === undefined ? {} : { forbiddenPurposes: [...next] };
    const loosening = looseningOf(now, { name: "next", rules: [], ...purposes }, subject);
    expect(loosening?.detail ?? null).toBe(detail);
  });

  test("an action that does not say what it is for is blocked until it does", () => {
    const guarded = plan([executionNode("run")], { forbiddenPurposes: ["surveillance"] });
    const history = [openMission(guarded), propose(1, "run", { action: ACTION })];
    expect(given(...history).events.at(-1)).toMatchObject({
      gateResult: { verdict: "block", reasons: [{ code: "PURPOSE_UNDECLARED" }] },
    });
    const declared = proposing(2, "run", { action: ACTION, purpose: "procurement" });
    expect(given(...history, declared).events.at(-1)?.type).toBe("ticket.issued");
  });

  test("who produced the evidence never approves what rests on it", () => {
    const risky = plan([decisionNode("a", { risk: 3, ownerR: "human", evidenceIn: ["brief"] })], {
      missionInputs: ["brief"],
    });
    const brief = evidence("brief", { producedBy: "ann" });
    expect(summarizeEvidence(brief).producedBy).toBe("ann");
    const history = [openMission(risky), submitEvidence(1, "a", brief), propose(2, "a")];
    given(...history)
      .when(approves(3, "a", ann))
      .rejects("approver_not_permitted");
    expect(given(...history, approves(3, "a", ben)).run.state?.nodes.get("a")?.status).toBe(
      "RUNNING",
    );
  });
});
