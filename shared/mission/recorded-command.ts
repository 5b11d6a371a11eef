/**
 * From a recorded event back to the command it came from: what a replay needs to decide again. Every
 * event type says here whether it is somebody's input or follows from others, so that a new type cannot be
 * forgotten. Refuses to guess: an input that was not recorded gives no command.
 * Specification: docs/replay.md.
 */
import type * as z from "zod";
import { type ApproverFacts, recordedApproval, seatsOf } from "../approval/index.ts";
import { canonicalJson, hashJson } from "../canonical.ts";
import { jwkThumbprint, type PublicJwk } from "../crypto.ts";
import {
  type EvidenceBundle,
  evidenceHash,
  evidenceInputSchema,
  type VerificationFacts,
} from "../evidence/index.ts";
import { evidenceId } from "../ids.ts";
import type { LeaseFact } from "../lease/index.ts";
import { amendmentSchema, compilePlan, factorsSchema, planSchema } from "../plan/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import { isoToUnixMs } from "../time.ts";
import type { TraceEvent } from "../trace/index.ts";
import { observationsSchema } from "../universe/index.ts";
import type { AgentFacts, Command, Intervene, TicketTerms } from "./command.ts";
import { dataOf, type EventType } from "./event.ts";
import { factIn } from "./leases.ts";
import { delegationsIn } from "./recorded-delegation.ts";
import { declarationsOf, type HeldProposal, type MissionState } from "./state.ts";

/** The command of an input, or the first thing about the input that does not hold by itself. */
export type ReadBack =
  | { readonly command: Command }
  | { readonly flaw: { readonly member: string; readonly expected: string } }
  /** Recorded before inputs of this kind were kept whole; nothing can be decided again. */
  | "not_kept";

interface Context {
  readonly state: MissionState | null;
  readonly terms: TicketTerms;
}

type Read = (event: TraceEvent, context: Context) => ReadBack;

/** Who caused an event of each type: `follows` for what the mission does by itself. */
const ORIGINS: Readonly<Record<EventType, "follows" | Read>> = {
  "mission.opened": readOpening,
  "mission.policy_repinned": readRepin,
  "mission.paused": (event, context) => readIntervention(event, context, "pause"),
  "mission.resumed": (event, context) => readIntervention(event, context, "resume"),
  "mission.stopped": (event, context) => readIntervention(event, context, "stop"),
  "mission.reset": (event, context) => readIntervention(event, context, "reset"),
  "agent.banned": (event, context) => readIntervention(event, context, "ban"),
  "mission.sealed": "follows",
  "mission.completed": "follows",
  "amendment.proposed": readAmendment,
  "amendment.refused": readAmendment,
  "mission.amended": "follows",
  "node.ready": "follows",
  "node.unblocked": readLeaseFreed,
  "node.failed": "follows",
  "node.reset": "follows",
  "evidence.submitted": readEvidence,
  "proposal.submitted": readProposal,
  "proposal.refused": readProposal,
  "loop.detected": "follows",
  "gate.evaluated": "follows",
  "approval.requested": "follows",
  "approval.escalated": "follows",
  "approval.reminded": "follows",
  "approval.granted": readApproval,
  "approval.denied": readApproval,
  "approval.expired": "follows",
  "approval.voided": "follows",
  "approval.revoked": readRevocation,
  "result.submitted": readResult,
  "ticket.issued": "follows",
  "ticket.denied": readDenial,
  "ticket.duplicate": readDenial,
  "ticket.overdue": "follows",
  "receipt.recorded": readReceipt,
  "receipt.late": readReceipt,
  "outcome.reconciled": readReconciliation,
  "incident.raised": "follows",
};

function readOf(event: TraceEvent): Read | null {
  // What the mission says by itself is nobody's input, whatever its type; but arbiters do not sign their word.
  if (event.type === "node.unblocked") return freedIn(event) ? readLeaseFreed : null;
  if (event.actor.kind === "system") return null;
  const origin = Object.hasOwn(ORIGINS, event.type) ? ORIGINS[event.type as EventType] : "follows";
  return origin === "follows" ? null : origin;
}

/** Whether the event records what somebody sent. */
export function isInput(event: TraceEvent): boolean {
  return readOf(event) !== null;
}

/** The command behind an input. Throws on data without its shape; only ever called on one `isInput` names. */
export function readBack(event: TraceEvent, context: Context): ReadBack {
  return readOf(event)?.(event, context) ?? "not_kept";
}

/** The passage of time at an event's moment. */
export function clockAt(event: TraceEvent, terms: TicketTerms): Command {
  return {
    ...base({ ...event, actor: { kind: "system", id: "sekisho" } }, terms),
    type: "PassTime",
  };
}

/** The command with what the arbiters said in its turn, as the turn's own entry gates recorded it. */
export function withLeases(command: Command, events: readonly TraceEvent[]): Command {
  const leases: Record<string, LeaseFact> = {};
  for (const event of events) {
    if (event.type !== "gate.evaluated" || event.nodeId === null) continue;
    const fact = factIn(event);
    if (fact) leases[event.nodeId] ??= fact;
  }
  return Object.keys(leases).length > 0 ? { ...command, leases } : command;
}

/** Whether both go on because the same slices came free in another mission. */
export function isSameLeaseFreed(a: TraceEvent, b: TraceEvent | undefined): boolean {
  const freed = freedIn(a);
  return freed !== null && b !== undefined && canonicalJson(freedIn(b)) === canonicalJson(freed);
}

function freedIn(event: TraceEvent): readonly string[] | null {
  if (event.type !== "node.unblocked") return null;
  return dataOf(event, "node.unblocked").freed ?? null;
}

function readLeaseFreed(event: TraceEvent, { terms }: Context): ReadBack {
  return { command: { ...base(event, terms), type: "LeaseFreed", slices: freedIn(event) ?? [] } };
}

/** Ids of tickets derive from it; a replay takes those that were recorded. */
const NO_ENTROPY = "0".repeat(32);

function base({ at, actor }: TraceEvent, terms: TicketTerms) {
  return { at: isoToUnixMs(at) ?? 0, actor, entropy: NO_ENTROPY, terms };
}

function flaw(member: string, expected: string): ReadBack {
  return { flaw: { member, expected } };
}

function policyFlaw({ hash, document }: PinnedPolicy): ReadBack | null {
  const expected = hashJson(document);
  return hash === expected ? null : flaw("data.policy.hash", expected);
}

/** Whether the schema lets the value in and has nothing to fill in. */
function isNormal(schema: z.ZodType, value: unknown): boolean {
  const parsed = schema.safeParse(value);
  return parsed.success && canonicalJson(parsed.data) === canonicalJson(value);
}

/** Gates compare what claims say in numbers, and read times as text: only the API's form makes them either. */
function bundleFlaw(bundle: EvidenceBundle, member: string): ReadBack | null {
  const { id: _id, producedBy: _by, hash: _hash, expiresAt, ...rest } = bundle;
  if (!isNormal(evidenceInputSchema, expiresAt === null ? rest : { ...rest, expiresAt }))
    return flaw(member, "a bundle in its normal form");
  const hash = evidenceHash(bundle);
  if (bundle.hash !== hash) return flaw(`${member}.hash`, hash);
  return bundle.id === evidenceId(hash) ? null : flaw(`${member}.id`, evidenceId(hash));
}

function readOpening(event: TraceEvent, { terms }: Context): ReadBack {
  const data = dataOf(event, "mission.opened");
  if (data.missionId !== event.missionId) return flaw("data.missionId", event.missionId);
  // Compilation judges plans that the schema has let in; what it never saw could ask nobody at risk 4.
  if (!isNormal(planSchema, data.plan)) return flaw("data.plan", "a plan in its normal form");
  const compiled = compilePlan(data.plan, [], "recorded");
  if (!compiled.ok) return flaw("data.plan", "a plan that compiles");
  const wrong = [data.policy, ...(data.shadow ? [data.shadow] : [])].map(policyFlaw);
  const bundles = data.inputs.map((bundle, at) => bundleFlaw(bundle, `data.inputs.${at}`));
  const first = [...wrong, ...bundles].find((found) => found !== null);
  if (first) return first;
  const { missionId, team, inputs, policy, shadow, canary, verifications } = data;
  const facts = Object.values(verifications ?? {}).map((verification) => verification.facts);
  const verification: VerificationFacts = {
    producerFamily: facts[0]?.producerFamily ?? null,
    verifiers: facts.flatMap(({ verifiers }) => verifiers),
  };
  const plan = compiled.value;
  return {
    command: {
      ...base(event, terms),
      type: "OpenMission",
      missionId,
      team,
      plan,
      inputs,
      policy,
      ...(canary && { canary }),
      ...(facts.length > 0 && { verification }),
      ...(shadow && { shadow }),
    },
  };
}

/**
 * What the directory said of who submitted is not recorded where it only had to let them in: that the event
 * is there says that it did. Somebody it would have let in stands for it.
 */
function vouched(event: TraceEvent, { state }: Context): AgentFacts {
  const spec = state?.plan.specById.get(event.nodeId ?? "");
  const skills = spec?.skill === undefined ? [] : [spec.skill];
  return { id: event.actor.id, skills, zone: spec?.zone ?? null, banned: false };
}

function readEvidence(event: TraceEvent, context: Context): ReadBack {
  const { terms } = context;
  const { bundle, verification } = dataOf(event, "evidence.submitted");
  const wrong = bundleFlaw(bundle, "data.bundle");
  if (wrong) return wrong;
  if (bundle.producedBy !== event.actor.id) return flaw("actor.id", bundle.producedBy);
  return {
    command: {
      ...base(event, terms),
      type: "SubmitEvidence",
      nodeId: event.nodeId ?? "",
      bundle,
      agent: vouched(event, context),
      ...(verification && { verification: verification.facts }),
    },
  };
}

function readProposal(event: TraceEvent, { terms }: Context): ReadBack {
  const { proposal, asked } = dataOf(event, "proposal.refused");
  const wrong = declarationsFlaw(proposal ?? asked ?? {}, proposal ? "proposal" : "asked");
  if (wrong) return wrong;
  if (!proposal) {
    if (!asked) return "not_kept";
    const { agent, ...rest } = asked;
    return { command: proposing(event, terms, rest, agent) };
  }
  const { agent, ...rest } = proposal;
  if (agent.id !== event.actor.id) return flaw("actor.id", agent.id);
  return { command: proposing(event, terms, rest, agent) };
}

/** What a proposal declares in numbers: the gates compare them and would not notice what is none. */
function declarationsFlaw(
  { universes, factors }: Pick<HeldProposal, "universes" | "factors">,
  member: "proposal" | "asked",
): ReadBack | null {
  if (universes !== undefined && !isNormal(observationsSchema, universes))
    return flaw(`data.${member}.universes`, "observations in their normal form");
  if (factors !== undefined && !isNormal(factorsSchema, factors))
    return flaw(`data.${member}.factors`, "factors from 0 to 1");
  return null;
}

function proposing(
  event: TraceEvent,
  terms: TicketTerms,
  held: Omit<HeldProposal, "agent">,
  agent: Extract<Command, { type: "Propose" }>["agent"],
): Command {
  const { id, rationale, action } = held;
  const said = action && { type: action.type, args: action.args };
  const proposal = { id, rationale, action: said, ...declarationsOf(held) };
  return { ...base(event, terms), type: "Propose", nodeId: event.nodeId ?? "", proposal, agent };
}

function readApproval(event: TraceEvent, { state, terms }: Context): ReadBack {
  const data = dataOf(event, "approval.granted");
  const { approver, kid, jwk, passkey, amendment } = data;
  if (event.actor.id !== approver || event.actor.kind !== "human")
    return flaw("actor.id", approver);
  const expected = jwkThumbprint(jwk as PublicJwk);
  if (kid !== expected) return flaw("data.kid", expected);
  const delegations = delegationsIn(data);
  if ("flaw" in delegations) return delegations;
  const signature = event.approvalSignature ?? "";
  const recorded = recordedApproval(signature, { kid, jwk: jwk as PublicJwk }, passkey);
  const request = event.nodeId
    ? state?.nodes.get(event.nodeId)?.request
    : state?.amendments?.open?.request;
  // A denial does not name groups; whoever may approve may deny.
  const seats = request ? seatsOf(request.requirement) : [];
  const denying = seats.filter((group) => group !== null);
  const facts: ApproverFacts = {
    id: approver,
    name: approver,
    groups: event.type === "approval.granted" ? data.groups : denying,
    keys: [recorded.key],
    validFrom: null,
    validUntil: event.type === "approval.granted" ? (data.validUntil ?? null) : null,
    ...(data.breakGlass && { breakGlass: true }),
  };
  return {
    command: {
      ...base(event, terms),
      type: "DecideApproval",
      nodeId: event.nodeId ?? amendment ?? "",
      statement: recorded.signed,
      approver: facts,
      delegations,
    },
  };
}

function readRevocation(event: TraceEvent, { terms }: Context): ReadBack {
  const { approver, person = approver, standing } = dataOf(event, "approval.revoked");
  return { command: { ...base(event, terms), type: "ReviewApprovals", person, standing } };
}

function readResult(event: TraceEvent, context: Context): ReadBack {
  const { outputs, tests } = dataOf(event, "result.submitted").result;
  const nodeId = event.nodeId ?? "";
  const agent = vouched(event, context);
  const { terms } = context;
  return {
    command: { ...base(event, terms), type: "SubmitResult", nodeId, outputs, tests, agent },
  };
}

function readDenial(event: TraceEvent, { terms }: Context): ReadBack {
  const { denial } = dataOf(event, "ticket.denied");
  return { command: { ...base(event, terms), type: "RecordDenial", denial } };
}

function readReceipt(event: TraceEvent, { terms }: Context): ReadBack {
  const { receipt } = dataOf(event, "receipt.recorded");
  return { command: { ...base(event, terms), type: "RecordReceipt", receipt } };
}

function readReconciliation(event: TraceEvent, { terms }: Context): ReadBack {
  const { outcome, reason, evidence } = dataOf(event, "outcome.reconciled");
  const nodeId = event.nodeId ?? "";
  const said = { nodeId, outcome, reason, ...(evidence && { evidence }) };
  return { command: { ...base(event, terms), type: "ReconcileOutcome", ...said } };
}

function readIntervention(
  event: TraceEvent,
  { terms }: Context,
  kind: Intervene["kind"],
): ReadBack {
  const { reason } = dataOf(event, "mission.paused");
  const { agent } = dataOf(event, "agent.banned");
  const { nodeId } = dataOf(event, "mission.reset");
  return {
    command: {
      ...base(event, terms),
      type: "Intervene",
      kind,
      reason,
      ...(nodeId !== undefined && { nodeId }),
      ...(kind === "ban" && { agent }),
    },
  };
}

function readAmendment(event: TraceEvent, { terms }: Context): ReadBack {
  const { amendment, proposer, zones = [] } = dataOf(event, "amendment.proposed");
  if (!isNormal(amendmentSchema, amendment))
    return flaw("data.amendment", "an amendment in its normal form");
  if (proposer !== null && typeof proposer === "object" && proposer.id !== event.actor.id)
    return flaw("actor.id", proposer.id);
  return { command: { ...base(event, terms), type: "Amend", amendment, proposer, zones } };
}

function readRepin(event: TraceEvent, { terms }: Context): ReadBack {
  const { policy, approver, kid, jwk } = dataOf(event, "mission.policy_repinned");
  const wrong = policyFlaw(policy);
  if (wrong) return wrong;
  const expected = jwkThumbprint(jwk as PublicJwk);
  if (kid !== expected) return flaw("data.kid", expected);
  const facts: ApproverFacts = {
    id: approver,
    name: approver,
    groups: [],
    keys: [{ kid, jwk: jwk as PublicJwk }],
    validFrom: null,
    validUntil: null,
  };
  return {
    command: {
      ...base(event, terms),
      type: "RepinPolicy",
      policy,
      // What the team's object said of the version and its proposer is not in a mission's trace.
      policyState: "active",
      proposedBy: "",
      statement: event.approvalSignature ?? "",
      approver: facts,
    },
  };
}
