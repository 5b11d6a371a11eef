/**
 * Builders: one for each noun of the core, sound by default, with partial overrides. Deterministic:
 * keys come from names and times are literals, so a trace built twice is the same trace.
 * Refuses to repair: a plan that does not compile is a broken test and throws.
 */
import { createPrivateKey } from "node:crypto";
import type { ApprovalStatement, ApproverFacts } from "../../shared/approval/index.ts";
import { APPROVAL_JWS_TYPE } from "../../shared/approval/index.ts";
import { canonicalJson, hashJson } from "../../shared/canonical.ts";
import {
  jwkThumbprint,
  type PrivateJwk,
  type PublicJwk,
  sha256Bytes,
  sha256Hex,
} from "../../shared/crypto.ts";
import {
  createEvidenceBundle,
  type EvidenceBundle,
  type EvidenceClaim,
  type EvidenceInput,
} from "../../shared/evidence/index.ts";
import { signJws } from "../../shared/jws.ts";
import type { AgentFacts, TicketTerms } from "../../shared/mission/index.ts";
import {
  type CompiledPlan,
  compilePlan,
  type PlanInput,
  planSchema,
} from "../../shared/plan/index.ts";
import {
  type PinnedPolicy,
  policyDocumentSchema,
  type PolicyRule,
} from "../../shared/policy/index.ts";
import type { Denial, Receipt } from "../../shared/ticket/index.ts";
import { unixMsToIso } from "../../shared/time.ts";

/** 2026-01-01T00:00:00.000Z */
export const START_MS = 1_767_225_600_000;
export const MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
export const OTHER_MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c073990";
export const TEAM = "acme";
export const TERMS: TicketTerms = {
  issuer: "https://api.sekisho.test",
  audience: "sekisho-gateway",
  ttlMs: 60_000,
};

/** Milliseconds since the epoch, `seconds` after the start of every test's time. */
export function ms(seconds: number): number {
  return START_MS + seconds * 1_000;
}

/** The same moment as RFC 3339 text. */
export function iso(seconds: number): string {
  return unixMsToIso(ms(seconds));
}

// Keys

const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

export interface KeyPair {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateJwk: PrivateJwk;
}

/** A real Ed25519 key, always the same for the same name. */
export function keyPair(name: string): KeyPair {
  const der = Buffer.concat([PKCS8_ED25519, sha256Bytes(`test key ${name}`)]);
  const jwk = createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({
    format: "jwk",
  });
  const publicJwk = { kty: "OKP", crv: "Ed25519", x: jwk.x ?? "" } as const;
  const kid = jwkThumbprint(publicJwk);
  return { kid, publicJwk, privateJwk: { ...publicJwk, d: jwk.d ?? "", kid } };
}

export const TICKET_KEY = keyPair("tickets");

// Plans

export type NodeInput = PlanInput["nodes"][number];

export function decisionNode(id: string, overrides: Partial<NodeInput> = {}): NodeInput {
  const tests = [{ id: "accepted", title: "The work is accepted" }];
  return {
    id,
    kind: "decision",
    phase: "work",
    title: `Decide ${id}`,
    risk: 1,
    ownerR: "agent",
    ownerX: "agent",
    tests,
    ...overrides,
  };
}

export function executionNode(id: string, overrides: Partial<NodeInput> = {}): NodeInput {
  const action = { type: "vendor.switch" };
  return {
    id,
    kind: "execution",
    phase: "work",
    title: `Execute ${id}`,
    risk: 2,
    ownerR: "agent",
    ownerX: "agent",
    action,
    ...overrides,
  };
}

export function approvalNode(id: string, overrides: Partial<NodeInput> = {}): NodeInput {
  return {
    id,
    kind: "approval",
    phase: "work",
    title: `Approve ${id}`,
    risk: 4,
    ownerR: "human",
    ownerX: "human",
    ...overrides,
  };
}

export function systemNode(id: string, overrides: Partial<NodeInput> = {}): NodeInput {
  return {
    id,
    kind: "decision",
    phase: "work",
    title: `Complete ${id}`,
    risk: 1,
    ownerR: "system",
    ownerX: "system",
    ...overrides,
  };
}

/** Edges a -> b -> c. */
function chain(...ids: readonly string[]): NonNullable<PlanInput["edges"]> {
  return ids.slice(1).map((to, at) => ({ from: ids[at] ?? "", to }));
}

/** Compiles a plan; without edges given, its nodes form a chain. */
export function plan(
  nodes: readonly NodeInput[],
  overrides: Partial<PlanInput> = {},
): CompiledPlan {
  const edges = chain(...nodes.map((node) => node.id));
  const input = { title: "A plan", phases: ["work"], nodes: [...nodes], edges, ...overrides };
  const compiled = compilePlan(planSchema.parse(input));
  if (!compiled.ok)
    throw new Error(`the plan of this test is unsound: ${JSON.stringify(compiled.error)}`);
  return compiled.value;
}

// Policy

const KINDS = ["decision", "execution", "approval"] as const;

/** A rule that permits the actions of these builders to everybody. */
export function rule(overrides: Partial<PolicyRule> = {}): PolicyRule {
  return { id: "permit", effect: "permit", kinds: [...KINDS], when: [], ...overrides };
}

/** A pinned policy of these rules; by default it permits decisions, approvals and the usual actions. */
export function policy(rules: readonly PolicyRule[] = permitting("vendor.switch")): PinnedPolicy {
  const document = policyDocumentSchema.parse({ name: "test-policy", rules });
  return {
    version: "pol_017f22e2-79b0-7cc3-98c4-dc0c0c073991",
    hash: hashJson(document),
    document,
  };
}

/** Rules that permit every decision and approval, and executions of the named actions. */
export function permitting(...actions: readonly string[]): readonly PolicyRule[] {
  return [
    rule({ id: "decide", kinds: ["decision", "approval"] }),
    rule({ id: "act", kinds: ["execution"], actions: [...actions] }),
  ];
}

// Agents, people, evidence

export function agent(id: string, overrides: Partial<AgentFacts> = {}): AgentFacts {
  return { id, skills: [], zone: null, banned: false, ...overrides };
}

export function source(overrides: Partial<EvidenceClaim["sources"][number]> = {}) {
  return {
    identifier: "doi:10.1000/182",
    kind: "primary" as const,
    title: "The register",
    authors: [],
    ...overrides,
  };
}

export function claim(id: string, overrides: Partial<EvidenceClaim> = {}): EvidenceClaim {
  return {
    id,
    subject: `subject of ${id}`,
    predicate: "is",
    value: id,
    statement: `${id} holds`,
    confidence: 0.9,
    sources: [source()],
    ...overrides,
  };
}

/** A bundle of one sound claim named after its kind. */
export function evidence(
  kind: string,
  overrides: Partial<EvidenceInput> & { producedBy?: string } = {},
): EvidenceBundle {
  const { producedBy = "agent-a", ...input } = overrides;
  return createEvidenceBundle(
    { kind, claims: [claim(`${kind}-claim`)], receipts: [], ...input },
    producedBy,
  );
}

/** A person with their registered keys and the private halves to sign with. */
export interface Person {
  readonly facts: ApproverFacts;
  readonly keys: readonly [KeyPair, ...KeyPair[]];
}

export function person(
  id: string,
  overrides: Partial<ApproverFacts> & { keyNames?: readonly string[] } = {},
): Person {
  const { keyNames = [id], ...facts } = overrides;
  const [first = id, ...others] = keyNames;
  const keys = [keyPair(first), ...others.map(keyPair)] as const;
  const registered = keys.map(({ kid, publicJwk }) => ({ kid, jwk: publicJwk }));
  return {
    facts: {
      id,
      name: id,
      groups: [],
      keys: registered,
      validFrom: null,
      validUntil: null,
      ...facts,
    },
    keys: [keys[0], ...keys.slice(1)],
  };
}

/** A statement that approves; what it is about must be given. */
export function statement(
  about: Pick<ApprovalStatement, "nodeId" | "gateDigest" | "approver"> & Partial<ApprovalStatement>,
): ApprovalStatement {
  return {
    missionId: MISSION,
    attempt: 1,
    decision: "approve",
    reason: "read and agreed",
    issuedAt: iso(0),
    expiresAt: iso(86_400),
    ...about,
  };
}

/** Signs a statement, or anything a test passes off as one. */
export function signStatement(content: object, key: KeyPair): string {
  return signJws({ typ: APPROVAL_JWS_TYPE, kid: key.kid }, canonicalJson(content), key.privateJwk);
}

// What the gateway reports

export function receipt(jti: string, overrides: Partial<Receipt> = {}): Receipt {
  const requestDigest = sha256Hex(`request ${jti}`);
  return {
    jti,
    outcome: "succeeded",
    status: 200,
    requestDigest,
    responseDigest: sha256Hex("answer"),
    detail: "answered 200",
    startedAt: iso(0),
    finishedAt: iso(1),
    ...overrides,
  };
}

export function denial(jti: string | null, overrides: Partial<Denial> = {}): Denial {
  return {
    jti,
    reason: "NONCE_USED",
    detail: "the ticket was used before",
    verified: true,
    actionType: "vendor.switch",
    argsHash: null,
    ...overrides,
  };
}
