/**
 * Questions for the gates: one that every gate allows, and the table of what breaks each of them.
 */
import { hashJson } from "../../shared/canonical.ts";
import { summarizeEvidence } from "../../shared/evidence/index.ts";
import type { GateQuestion } from "../../shared/gates/index.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import type { Verdict } from "../../shared/trace/index.ts";
import {
  agent,
  claim,
  decisionNode,
  evidence,
  executionNode,
  iso,
  type NodeInput,
  policy,
  rule,
  source,
} from "./builders.ts";

const spec = (node: NodeInput) => nodeSchema.parse(node);
export const bundle = (...args: Parameters<typeof evidence>) =>
  summarizeEvidence(evidence(...args));
const action = (type: string, args: Record<string, string | number>) => ({
  type,
  args,
  argsHash: hashJson(args),
});

/** A question that every gate allows; tests break one thing. */
export function question(overrides: Partial<GateQuestion> = {}): GateQuestion {
  return {
    at: iso(0),
    missionStatus: "active",
    authorizationExpiresAt: null,
    spec: spec(decisionNode("a")),
    status: "READY",
    sealed: false,
    attempt: 1,
    outcomeUnknown: false,
    waitingFor: [],
    agent: agent("agent-a"),
    proposal: { rationale: "because", action: null },
    proposers: [],
    expectedAction: null,
    evidence: [],
    allEvidence: overrides.evidence ?? [],
    policy: policy(),
    gateDigest: "d".repeat(64),
    approvers: [],
    refused: null,
    coverage: null,
    heldSlices: [],
    ...overrides,
  };
}

const RUN = spec(
  executionNode("run", {
    agents: ["agent-a"],
    skill: "buy",
    zone: "eu",
    action: { type: "vendor.switch", args: { contract: "C-7" } },
  }),
);
const BUYER = agent("agent-a", { skills: ["buy"], zone: "eu" });

/** The execution counterpart, also allowed by every gate. */
export function execution(overrides: Partial<GateQuestion> = {}): GateQuestion {
  const proposal = { rationale: "because", action: action("vendor.switch", { contract: "C-7" }) };
  return question({
    spec: RUN,
    agent: BUYER,
    proposal,
    expectedAction: RUN.action ?? null,
    ...overrides,
  });
}

export const RISKY = spec(
  decisionNode("a", { risk: 3, ownerR: "human", approval: { quorum: 2, group: "board" } }),
);
export const READS = spec(decisionNode("a", { evidenceIn: ["brief"] }));
const RISKY_READS = spec(decisionNode("a", { evidenceIn: ["brief"], risk: 3, ownerR: "human" }));
const forbids = (...extra: Parameters<typeof rule>) =>
  policy([rule(), rule({ id: "no", effect: "forbid", ...extra[0] })]);

/** What is asked, and the verdict and codes that the named gate must give. */
export type Row = readonly [
  what: string,
  asked: GateQuestion,
  gate: string,
  verdict: Verdict,
  codes: readonly string[],
];

/** The table of every gate. */
export const ROWS: readonly Row[] = [
  [
    "a paused mission",
    question({ missionStatus: "paused" }),
    "readiness",
    "block",
    ["MISSION_NOT_ACTIVE"],
  ],
  ["a sealed node", question({ sealed: true }), "readiness", "block", ["NODE_SEALED"]],
  [
    "two unfinished predecessors",
    question({ waitingFor: ["x", "y"] }),
    "readiness",
    "block",
    ["PREDECESSOR_NOT_DONE", "PREDECESSOR_NOT_DONE"],
  ],
  ["one attempt too many", question({ attempt: 4 }), "readiness", "block", ["ATTEMPTS_EXHAUSTED"]],
  ["the last attempt", question({ attempt: 3 }), "readiness", "allow", []],
  [
    "an outcome in doubt",
    question({ outcomeUnknown: true }),
    "readiness",
    "block",
    ["OUTCOME_UNKNOWN"],
  ],
  ["an unknown agent", question({ agent: null }), "scope", "block", ["AGENT_UNKNOWN"]],
  [
    "a directory that does not answer",
    question({ agent: "unavailable" }),
    "scope",
    "block",
    ["GATE_FAILURE"],
  ],
  ["the system itself", question({ agent: "system", proposal: null }), "scope", "allow", []],
  [
    "a banned agent",
    question({ agent: agent("agent-a", { banned: true }) }),
    "scope",
    "block",
    ["AGENT_BANNED"],
  ],
  [
    "everything wrong about an agent",
    execution({ agent: agent("agent-z", { zone: "us" }) }),
    "scope",
    "block",
    ["AGENT_NOT_ASSIGNED", "SKILL_MISSING", "ZONE_CROSSED"],
  ],
  [
    "an agent without a zone",
    execution({ agent: agent("agent-a", { skills: ["buy"] }) }),
    "scope",
    "block",
    ["ZONE_CROSSED"],
  ],
  [
    "another action type",
    execution({ proposal: { rationale: "r", action: action("vendor.drop", { contract: "C-7" }) } }),
    "scope",
    "block",
    ["ACTION_OUT_OF_SCOPE"],
  ],
  ["no proposal", question({ proposal: null }), "consistency", "block", ["PROPOSAL_EMPTY"]],
  [
    "no rationale",
    question({ proposal: { rationale: "\n\t ", action: null } }),
    "consistency",
    "block",
    ["PROPOSAL_EMPTY"],
  ],
  [
    "no action",
    execution({ proposal: { rationale: "r", action: null } }),
    "consistency",
    "block",
    ["ACTION_MISSING"],
  ],
  [
    "an action too many",
    question({ proposal: { rationale: "r", action: action("a.b", {}) } }),
    "consistency",
    "block",
    ["ACTION_NOT_EXPECTED"],
  ],
  [
    "a fixed argument changed",
    execution({
      proposal: { rationale: "r", action: action("vendor.switch", { contract: "C-8" }) },
    }),
    "consistency",
    "block",
    ["PROPOSAL_CONTRADICTS_SPEC"],
  ],
  [
    "a fixed argument left out",
    execution({ proposal: { rationale: "r", action: action("vendor.switch", {}) } }),
    "consistency",
    "block",
    ["PROPOSAL_CONTRADICTS_SPEC"],
  ],
  [
    "arguments beyond the fixed ones",
    execution({
      proposal: { rationale: "r", action: action("vendor.switch", { contract: "C-7", amount: 5 }) },
    }),
    "consistency",
    "allow",
    [],
  ],
  [
    "evidence that is missing",
    question({ spec: READS }),
    "evidence",
    "block",
    ["EVIDENCE_MISSING"],
  ],
  [
    "evidence that is sound",
    question({ spec: READS, evidence: [bundle("brief")] }),
    "evidence",
    "allow",
    [],
  ],
  [
    "evidence that expires now",
    question({ spec: READS, evidence: [bundle("brief", { expiresAt: iso(0) })] }),
    "evidence",
    "block",
    ["EVIDENCE_EXPIRED"],
  ],
  [
    "evidence that expires a second later",
    question({ spec: READS, evidence: [bundle("brief", { expiresAt: iso(1) })] }),
    "evidence",
    "allow",
    [],
  ],
  [
    "a claim without a source",
    question({
      spec: READS,
      evidence: [bundle("brief", { claims: [claim("c", { sources: [] })] })],
    }),
    "evidence",
    "block",
    ["SOURCE_MISSING"],
  ],
  [
    "secondary sources at risk 3",
    question({
      spec: RISKY_READS,
      approvers: ["x"],
      evidence: [
        bundle("brief", { claims: [claim("c", { sources: [source({ kind: "secondary" })] })] }),
      ],
    }),
    "evidence",
    "block",
    ["PRIMARY_SOURCE_REQUIRED"],
  ],
  [
    "confidence below the bound",
    question({
      spec: READS,
      evidence: [bundle("brief", { claims: [claim("c", { confidence: 0.49 })] })],
    }),
    "evidence",
    "block",
    ["CONFIDENCE_TOO_LOW"],
  ],
  [
    "confidence at the bound",
    question({
      spec: READS,
      evidence: [bundle("brief", { claims: [claim("c", { confidence: 0.5 })] })],
    }),
    "evidence",
    "allow",
    [],
  ],
  ["no rule", question({ policy: policy([]) }), "policy", "block", ["POLICY_NO_MATCH"]],
  ["a forbidding rule", question({ policy: forbids() }), "policy", "block", ["POLICY_FORBIDDEN"]],
  [
    "a policy that cannot be read",
    question({ policy: { ...policy(), document: { name: "p", rules: "all" } as never } }),
    "policy",
    "block",
    ["POLICY_UNREADABLE"],
  ],
  [
    "an authorization that ends now",
    question({ authorizationExpiresAt: iso(0) }),
    "accountability",
    "seal",
    ["AUTHORIZATION_EXPIRED"],
  ],
  [
    "an authorization that ends a second later",
    question({ authorizationExpiresAt: iso(1) }),
    "accountability",
    "allow",
    [],
  ],
  [
    "risk 3 without an accountable human",
    question({ spec: spec(decisionNode("a", { risk: 3 })), approvers: ["x"] }),
    "accountability",
    "block",
    ["OWNER_MISSING"],
  ],
  [
    "a proposer among the approvers",
    question({ approvers: ["agent-a"] }),
    "accountability",
    "block",
    ["SEPARATION_OF_DUTIES"],
  ],
  [
    "a proposer among those who approved the action",
    execution({
      coverage: {
        nodeId: "s",
        approvers: ["agent-a"],
        evidence: [],
        approved: { actionType: "vendor.switch", argsHash: hashJson({ contract: "C-7" }) },
      },
    }),
    "accountability",
    "block",
    ["SEPARATION_OF_DUTIES"],
  ],
  [
    "one approval of two",
    question({ spec: RISKY, approvers: ["x"] }),
    "approval",
    "pause",
    ["APPROVAL_MISSING"],
  ],
  [
    "two approvals of two",
    question({ spec: RISKY, approvers: ["x", "y"] }),
    "approval",
    "allow",
    [],
  ],
  [
    "a denied digest",
    question({ spec: RISKY, refused: "denied", approvers: ["x", "y"] }),
    "approval",
    "block",
    ["APPROVAL_DENIED"],
  ],
  [
    "a digest that lapsed",
    question({ spec: RISKY, refused: "expired" }),
    "approval",
    "block",
    ["APPROVAL_EXPIRED"],
  ],
  [
    "an approval that the policy alone asks for",
    question({ policy: policy([rule({ approval: { quorum: 1 } })]) }),
    "approval",
    "pause",
    ["APPROVAL_MISSING"],
  ],
  [
    "an action that was not approved yet",
    execution({ coverage: { nodeId: "s", approved: null, evidence: [], approvers: [] } }),
    "approval",
    "block",
    ["APPROVAL_NOT_FOR_THIS_ACTION"],
  ],
  [
    "other arguments than the approved ones",
    execution({
      coverage: {
        nodeId: "s",
        approvers: ["x"],
        evidence: [],
        approved: { actionType: "vendor.switch", argsHash: "0".repeat(64) },
      },
    }),
    "approval",
    "block",
    ["APPROVAL_NOT_FOR_THIS_ACTION"],
  ],
  [
    "a slice that another node holds",
    question({ heldSlices: [{ slice: "a#b", holder: "other" }] }),
    "lease",
    "pause",
    ["LEASE_HELD"],
  ],
];
