/**
 * A mission that says everything a plan, a policy, a proposal and a person may say, told for a golden trace:
 * zones, universes, criteria, purposes, seats of groups, duties kept apart, and a policy on trial beside.
 */
import type { Command } from "../../shared/mission/index.ts";
import {
  agent,
  claim,
  decisionNode,
  evidence,
  executionNode,
  iso,
  MISSION,
  OTHER_MISSION,
  person,
  plan,
  rule,
  source,
  statement,
} from "./builders.ts";
import { amend, amendment, decidesAmendment } from "./amendments.ts";
import {
  decideApproval,
  openMission,
  passTime,
  propose,
  reviewApprovals,
  submitResult,
  vendorSwitch,
} from "./commands.ts";
import { passkey, passkeyPerson, signWithPasskey } from "./passkeys.ts";
import { version } from "./policies.ts";
import { grantOf, trustAt } from "./trusts.ts";
import { approves, reports, requestOf, type Run, type Step } from "./scenario.ts";

const PHONE = passkey("phone");
const ANN = passkeyPerson("ann", PHONE, { groups: ["board"], validUntil: iso(86_400) });
const BEN = person("ben", { groups: ["board"] });
const CY = person("cy", { groups: ["finance"] });
const EVE = person("eve", { breakGlass: true });
const HERE = "acme/core/eu/pay";
const THERE = "acme/core/eu/audit";
const AGENT = agent("agent-a", { zone: HERE, skills: ["price"], family: "producers" });
/** Says nothing here: people are asked from risk 3 on, whoever is trusted. */
const GRANT = grantOf({ zone: HERE, missionId: MISSION });
const SEATS = [
  { group: "board", quorum: 1 },
  { group: "finance", quorum: 1 },
];
const FACTORS = { risk: 0.2, uncertainty: 0.1, impact: 0.3, audit: 0.1, reversibility: 0.5 };

const UNIVERSE = {
  id: "law",
  budget: 0.5,
  evidenceMin: 0.5,
  uncertaintyMax: 0.5,
  staleAfterMs: 60_000,
  overBudget: "pause",
  weight: 1,
  constraints: ["cash"],
} as const;

/** As seen at this time: over its budget, which a person may accept. */
function seen(seconds: number) {
  const constraints = [{ id: "cash", violated: false }];
  const observedAt = iso(seconds);
  const affected = { effect: 0.2, utilityDeltas: [0.1, 0.3, 0.2] };
  const sure = { evidence: 0.9, uncertainty: 0.1 };
  return [{ id: "law", risk: 0.6, constraints, ...sure, observedAt, ...affected }];
}

const RULES = [
  rule({
    id: "decide",
    kinds: ["decision"],
    agents: ["agent-a"],
    zones: [HERE],
    riskMin: 0,
    riskMax: 4,
    condition: "mission.done >= 0 && node.risk < 4",
  }),
  rule({
    id: "act",
    kinds: ["execution"],
    actions: ["vendor.switch"],
    approval: { quorum: 1, all: SEATS, fromRisk: [{ risk: 3, quorum: 2 }] },
  }),
  rule({ id: "grow", kinds: ["amendment"], approval: { quorum: 2 } }),
];
const POLICY = version("4", RULES, ["surveillance"], "what may be paid");
const TRIED = version("5", RULES.slice(1), ["surveillance"]);

const compiled = () =>
  plan(
    [
      decisionNode("price", {
        zone: HERE,
        skill: "price",
        evidenceIn: ["brief"],
        evidencePolicy: { sourcesMin: 1, independent: false },
        universes: [{ ...UNIVERSE, constraints: ["cash"] }],
        criteria: [{ text: "it fits", kind: "subjective" }],
        purpose: "sales.offer",
        allocation: { factors: FACTORS, humanMin: 0.1, weight: 2, profile: "finance" },
        approval: { quorum: 1, group: "board", deadlineMs: 3_600_000 },
        writeSet: ["ledger#2026"],
      }),
      executionNode("pay", {
        zone: HERE,
        risk: 3,
        ownerR: "human",
        approval: { quorum: 2, all: SEATS, apartFrom: ["price"], deadlineMs: 3_600_000 },
        writeSet: ["ledger#2027"],
      }),
    ],
    {
      edges: [],
      goal: "Pay what was agreed",
      missionInputs: ["brief"],
      leased: ["ledger#2026"],
      zones: [
        { zone: HERE, skills: ["price"], owns: ["ledger"], handsTo: [THERE] },
        { zone: THERE },
      ],
      forbiddenPurposes: ["surveillance"],
    },
  );

const BRIEF = evidence("brief", {
  producedBy: "operator",
  claims: [
    claim("brief", {
      sources: [source({ year: 2025, retrievedAt: iso(-60), quoteHash: "a".repeat(64) })],
    }),
  ],
});

const ELSEWHERE = { slice: "ledger#2026", missionId: OTHER_MISSION, nodeId: "book" };

/** The other mission has given the slice back. */
function freed(seconds: number): Step {
  return { ...passTime(seconds), type: "LeaseFreed", slices: [ELSEWHERE.slice] };
}

/** ANN decides on her phone. */
function byPasskey(
  seconds: number,
  decision: "approve" | "deny",
  about: (run: Run) => readonly [nodeId: string, gateDigest: string | undefined],
): (run: Run) => Command {
  return (run) => {
    const [nodeId, gateDigest = ""] = about(run);
    const said = { nodeId, gateDigest, approver: "ann", decision };
    return decideApproval(seconds, nodeId, ANN, signWithPasskey(statement(said), PHONE));
  };
}

export function declared(): readonly Step[] {
  const price = (seconds: number, facts: typeof AGENT | null): Step => {
    const command = propose(seconds, "price", { agent: facts });
    const more = {
      factors: FACTORS,
      universes: seen(seconds),
      purpose: "sales.offer",
      writeSet: ["ledger#2026"],
    };
    return { ...command, proposal: { ...command.proposal, ...more } };
  };
  const pay = (seconds: number, facts: typeof AGENT | null): Step => {
    const command = propose(seconds, "pay", { agent: facts, action: vendorSwitch({ amount: 5 }) });
    return { ...command, proposal: { ...command.proposal, purpose: "sales.offer" } };
  };
  const zones = [{ zone: HERE, skills: ["price"], owns: ["ledger"], handsTo: [THERE] }];
  const there = (id: string) => amendment([decisionNode(id, { zone: HERE, risk: 2 })]);
  const approved = byPasskey(4, "approve", (run) => ["price", requestOf(run, "price")?.gateDigest]);
  const bans = {
    zones,
    by: "agent-c",
    proposer: agent("agent-c", { banned: true, family: "others" }),
  };
  return [
    openMission(compiled(), { policy: POLICY, shadow: TRIED, inputs: [BRIEF] }),
    price(1, null),
    pay(2, null),
    price(3, AGENT),
    (run) => ({ ...approved(run), leases: { price: { state: "held", by: [ELSEWHERE] } } }),
    freed(5),
    submitResult(6, "price", { agent: AGENT }),
    amend(6, there("more"), bans),
    amend(7, there("check"), { zones, by: "agent-a", proposer: AGENT }),
    decidesAmendment(8, BEN),
    reviewApprovals(8, "ben", null),
    decidesAmendment(8, BEN, { reason: "read again and agreed" }),
    decidesAmendment(8, CY),
    amend(9, there("late"), { zones }),
    byPasskey(9, "deny", ({ state }) => {
      const open = state?.amendments?.open;
      return [open?.id ?? "", open?.gateDigest];
    }),
    pay(9, { ...AGENT, trust: trustAt(9, { grants: [GRANT] }) }),
    approves(10, "pay", BEN),
    approves(11, "pay", EVE, { decision: "break-glass" }),
    reports(12, "pay"),
  ];
}
