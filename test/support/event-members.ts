/**
 * Every member of every event's data, written down so that the compiler holds the list to the types: a new
 * member does not compile until it stands here, and then some golden trace must hold it.
 */
import type { EventData, EventType } from "../../shared/mission/index.ts";
import type { Inside, Members, Thing, Things, UnionOf } from "./member-types.ts";

const REASON = { code: true, gate: true, detail: true, counterfactual: true } as const;
const ALL = { group: true, quorum: true } as const;
const REQUIREMENT = {
  quorum: true,
  group: true,
  all: ALL,
  apartFrom: true,
  deadlineMs: true,
  escalation: { afterMs: true, group: true, instead: true },
  reminder: { everyMs: true },
} as const;
const STATEMENT_PARTS = { missionId: true, nodeId: true, attempt: true, gateDigest: true } as const;
const STILL_ASKED = {
  gateDigest: true,
  attempt: true,
  risk: true,
  title: true,
  deadlineAt: true,
  statement: STATEMENT_PARTS,
} as const;
const FACTORS = {
  risk: true,
  uncertainty: true,
  impact: true,
  audit: true,
  reversibility: true,
} as const;
const ACTION = { type: true, args: true, argsHash: true } as const;
const UNIVERSE = {
  id: true,
  risk: true,
  constraints: { id: true, violated: true },
  evidence: true,
  uncertainty: true,
  observedAt: true,
  effect: true,
  utilityDeltas: true,
} as const;
const PASSKEY = {
  clientDataJSON: true,
  authenticatorData: true,
  statement: {
    missionId: true,
    nodeId: true,
    attempt: true,
    gateDigest: true,
    decision: true,
    approver: true,
    reason: true,
    issuedAt: true,
    expiresAt: true,
  },
  rpId: true,
  origin: true,
} as const;
const DENIAL = {
  jti: true,
  reason: true,
  detail: true,
  verified: true,
  actionType: true,
  argsHash: true,
} as const;
const ZONE = { zone: true, skills: true, owns: true, handsTo: true } as const;
const CHANGE = {
  id: true,
  amendment: "amendment",
  proposer: "agent",
  risk: true,
  gateDigest: true,
  policyHash: true,
  planHash: true,
  amendedPlanHash: true,
  zones: ZONE,
} as const;
const DECLARED = {
  id: true,
  rationale: true,
  action: ACTION,
  factors: FACTORS,
  universes: UNIVERSE,
  purpose: true,
  writeSet: true,
} as const;

const CLAIMS = {
  iss: true,
  aud: true,
  iat: true,
  exp: true,
  jti: true,
  sub: true,
  team: true,
  txn: true,
  node_id: true,
  attempt: true,
  action_type: true,
  args_hash: true,
  risk_level: true,
  policy_version: true,
  graph_hash: true,
  gate_digest: true,
  evidence_root: true,
  fence: true,
  fence_scope: true,
  trace_seq: true,
  trace_hash: true,
} as const;
const EDGE = { from: true, to: true } as const;

export const THINGS: { readonly [K in Thing]: Inside<UnionOf<Things[K]>> } = {
  plan: {
    title: true,
    goal: true,
    phases: true,
    nodes: "node",
    edges: EDGE,
    missionInputs: true,
    authorizationExpiresAt: true,
    leased: true,
    zones: ZONE,
    allocationProfile: true,
    forbiddenPurposes: true,
  },
  node: {
    id: true,
    kind: true,
    phase: true,
    title: true,
    risk: true,
    ownerR: true,
    ownerX: true,
    zone: true,
    agents: true,
    skill: true,
    inputs: true,
    outputs: true,
    evidenceIn: true,
    evidenceOut: true,
    confidenceMin: true,
    universes: {
      id: true,
      budget: true,
      evidenceMin: true,
      uncertaintyMax: true,
      staleAfterMs: true,
      overBudget: true,
      weight: true,
      constraints: true,
    },
    criteria: { text: true, kind: true },
    purpose: true,
    evidencePolicy: { sourcesMin: true, independent: true, receiptsMin: true },
    allocation: { factors: FACTORS, humanMin: true, weight: true, profile: true },
    action: { type: true, args: true },
    approves: true,
    approval: REQUIREMENT,
    writeSet: true,
    tests: { id: true, title: true },
    attemptsMax: true,
  },
  amendment: { title: true, reason: true, nodes: "node", edges: EDGE },
  agent: {
    id: true,
    skills: true,
    zone: true,
    banned: true,
    family: true,
    trust: {
      score: true,
      streak: true,
      cooldownUntil: true,
      readAt: true,
      grants: {
        id: true,
        agent: true,
        actionType: true,
        zone: true,
        riskMax: true,
        missionId: true,
        expiresAt: true,
        issuedBy: true,
      },
    },
  },
  policy: {
    version: true,
    hash: true,
    document: {
      name: true,
      description: true,
      rules: {
        id: true,
        effect: true,
        kinds: true,
        actions: true,
        agents: true,
        zones: true,
        riskMin: true,
        riskMax: true,
        when: { path: true, op: true, value: true },
        condition: true,
        approval: { quorum: true, all: ALL, fromRisk: { risk: true, quorum: true } },
      },
      forbiddenPurposes: true,
    },
  },
  bundle: {
    id: true,
    kind: true,
    producedBy: true,
    claims: {
      id: true,
      subject: true,
      predicate: true,
      value: true,
      statement: true,
      confidence: true,
      sources: {
        identifier: true,
        kind: true,
        title: true,
        authors: true,
        year: true,
        retrievedAt: true,
        quoteHash: true,
      },
    },
    receipts: true,
    expiresAt: true,
    hash: true,
  },
  verification: {
    facts: {
      producerFamily: true,
      verifiers: { id: true, family: true, keys: { kid: true, jwk: true } },
    },
    outcome: {
      contentHash: true,
      receiptHashes: true,
      claims: { id: true, status: true, families: true },
    },
  },
  proposal: { ...DECLARED, agent: "agent" },
};

export const EVENT_MEMBERS: { readonly [K in EventType]: Inside<UnionOf<EventData[K]>> } = {
  "mission.opened": {
    rules: true,
    missionId: true,
    team: true,
    plan: "plan",
    planHash: true,
    inputs: "bundle",
    verifications: true,
    policy: "policy",
    shadow: "policy",
  },
  "mission.policy_repinned": {
    from: { version: true, hash: true },
    policy: "policy",
    approver: true,
    kid: true,
    jwk: true,
    reason: true,
  },
  "mission.paused": { reason: true },
  "mission.resumed": { reason: true },
  "mission.stopped": { reason: true },
  "mission.sealed": { reasons: REASON },
  "mission.completed": { nodes: true },
  "mission.reset": { reason: true, nodeId: true, resets: true },
  "agent.banned": { agent: true, reason: true },
  "node.reset": { cause: true, attempt: true, resets: true },
  "loop.detected": { code: true, agent: true },
  "amendment.proposed": CHANGE,
  "amendment.refused": CHANGE,
  "mission.amended": {
    id: true,
    gateDigest: true,
    policyHash: true,
    planHash: true,
    amendedPlanHash: true,
    nodes: true,
  },
  "node.ready": true,
  "node.unblocked": { cause: true, freed: true },
  "node.failed": { attempt: true, proposer: true, reasons: REASON, cause: true },
  "evidence.submitted": { bundle: "bundle", verification: "verification" },
  "proposal.submitted": { proposal: "proposal", gateDigest: true },
  "proposal.refused": {
    proposal: "proposal",
    proposalId: true,
    gateDigest: true,
    asked: { ...DECLARED, agent: true },
  },
  "gate.evaluated": {
    phase: true,
    attempt: true,
    proposer: true,
    gateDigest: true,
    policyHash: true,
    share: { h: true, a: true, h0: true, hk: true, k: true, eqk: true, draw: true, selected: true },
    passage: { class: true, quality: true },
    lease: { fence: true, expiresAt: true, scope: true },
    leaseFact: { state: true, by: { slice: true, missionId: true, nodeId: true } },
    quorum: true,
    shadow: { version: true, hash: true, verdict: true, differs: true },
  },
  "approval.requested": {
    gateDigest: true,
    attempt: true,
    risk: true,
    title: true,
    summary: true,
    requirement: REQUIREMENT,
    deadlineAt: true,
    action: ACTION,
    evidence: true,
    pauses: { gate: true, codes: true },
    subjectDigest: true,
    universes: UNIVERSE,
    escalated: true,
    statement: STATEMENT_PARTS,
  },
  "approval.escalated": {
    ...STILL_ASKED,
    step: true,
    group: true,
    instead: true,
    requirement: { quorum: true, group: true, all: ALL, also: true },
  },
  "approval.reminded": { ...STILL_ASKED, reminder: true, have: true, need: true },
  "approval.granted": {
    proposer: true,
    amendment: true,
    gateDigest: true,
    approver: true,
    groups: true,
    kid: true,
    jwk: true,
    statementExpiresAt: true,
    validUntil: true,
    passkey: PASSKEY,
    have: true,
    need: true,
    breakGlass: true,
  },
  "approval.denied": {
    proposer: true,
    amendment: true,
    gateDigest: true,
    approver: true,
    kid: true,
    jwk: true,
    passkey: PASSKEY,
    reason: true,
  },
  "approval.expired": { amendment: true, gateDigest: true, deadlineAt: true },
  "approval.revoked": {
    amendment: true,
    gateDigest: true,
    approver: true,
    kid: true,
    cause: true,
    standing: { groups: true, kids: true, validFrom: true, validUntil: true },
  },
  "approval.voided": { amendment: true, gateDigest: true, newGateDigest: true, approvers: true },
  "result.submitted": {
    result: { outputs: true, tests: { id: true, passed: true }, by: true },
  },
  "ticket.issued": { claims: CLAIMS, ticket: true },
  "ticket.denied": { denial: DENIAL },
  "ticket.duplicate": { denial: DENIAL },
  "ticket.overdue": { jti: true, expiresAt: true },
  "receipt.recorded": {
    receipt: {
      jti: true,
      outcome: true,
      status: true,
      requestDigest: true,
      responseDigest: true,
      detail: true,
      startedAt: true,
      finishedAt: true,
    },
    resends: true,
  },
  "incident.raised": { kind: true, severity: true, reasonCodes: true, summary: true },
};

/** Dotted places of an event type's data, lists left out; those of a thing begin with its name. */
export function placesOf(members: Members, at: string): readonly string[] {
  if (members === true) return [at];
  if (typeof members === "string") return [at];
  return Object.entries(members).flatMap(([name, inner]) => placesOf(inner, `${at}.${name}`));
}

/** The places that a value of this shape holds; what stands inside a thing is told under its name. */
export function placesIn(value: unknown, members: Members, at: string): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((one) => placesIn(one, members, at));
  if (typeof members === "string") return [at, ...placesIn(value, THINGS[members], members)];
  if (members === true || value === null || typeof value !== "object") return [at];
  return Object.entries(members).flatMap(([name, inner]) =>
    placesIn((value as Readonly<Record<string, unknown>>)[name], inner, `${at}.${name}`),
  );
}
