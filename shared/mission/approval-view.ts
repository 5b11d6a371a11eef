/**
 * What a person is asked, whole: everything the digest covers, who sits already, what each answer leads to,
 * and what differs from the last revision of this node that somebody approved. What is shown here is what is
 * signed is what runs. Specification: docs/approvals.md, "What is shown".
 */
import {
  diffJson,
  escalatedTo,
  type JsonChange,
  type Seat,
  type SeatRequirement,
  seatPeople,
  seatsOf,
  shortDigest,
} from "../approval/index.ts";
import { type EvidenceSummary, shownEvidence } from "../evidence/index.ts";
import type { ApprovalRequirement } from "../plan/index.ts";
import { err, ok, type Result } from "../result.ts";
import { unixMsToIso } from "../time.ts";
import type { JsonValue } from "../strict-json.ts";
import type { TraceEvent } from "../trace/index.ts";
import { askedAtMs, escalationSteps } from "./due.ts";
import { dataOf, type EventData } from "./event.ts";
import { nodeRecord } from "./evolve.ts";
import { evidenceFor } from "./question.ts";
import type { Rejection } from "./rejection.ts";
import type { MissionState, NodeRecord, OpenRequest } from "./state.ts";
import { specOf } from "./turn.ts";

export interface ApprovalView {
  readonly missionId: string;
  readonly nodeId: string;
  readonly title: string;
  readonly attempt: number;
  readonly risk: number;
  readonly gateDigest: string;
  /** Its short form, the same in webhook, command line and passkey prompt. */
  readonly shortDigest: string;
  readonly planHash: string;
  readonly policy: { readonly version: string; readonly hash: string };
  readonly proposer: string | null;
  readonly rationale: string | null;
  /** The action type and its arguments: what the gateway will be given, to the byte. */
  readonly action: {
    readonly type: string;
    readonly args: JsonValue;
    readonly argsHash: string;
  } | null;
  readonly evidence: readonly EvidenceSummary[];
  readonly requirement: ApprovalRequirement;
  /** One for each person that is asked for; null: still empty. */
  readonly seats: readonly Seat[];
  /** Groups that, besides those of the seats, fill any of them now. */
  readonly also: readonly string[];
  /** The steps of the escalation, taken or to come; a step to come is at `at` while the mission is active. */
  readonly escalation: readonly {
    readonly group: string;
    readonly instead: boolean;
    readonly at: string;
    readonly taken: boolean;
  }[];
  readonly deadlineAt: string;
  /** In plain words, what follows from each answer. */
  readonly outcomes: { readonly approve: string; readonly deny: string; readonly silence: string };
  /** Against the last revision somebody approved; null where nobody has approved one. */
  readonly changes: RevisionChanges | null;
  /** What to sign, but for decision, approver, reason and the statement's own times. */
  readonly statement: {
    readonly missionId: string;
    readonly nodeId: string;
    readonly attempt: number;
    readonly gateDigest: string;
  };
}

export interface RevisionChanges {
  /** The `approval.requested` that was approved then. */
  readonly seq: number;
  readonly gateDigest: string;
  readonly attempt: number;
  readonly action: { readonly changes: readonly JsonChange[]; readonly truncated: boolean };
  /** Hashes of bundles that joined and that are gone. */
  readonly evidence: { readonly added: readonly string[]; readonly removed: readonly string[] };
}

/** Where the request stands that was last approved at the node; null where none was. */
export function approvedRequestSeq(state: MissionState, nodeId: string): number | null {
  return state.nodes.get(nodeId)?.approvedSeq ?? null;
}

/**
 * The node's open request. `approved` is the event at `approvedRequestSeq`, where there is one.
 * Errors: `node_unknown`, `approval_not_requested`.
 */
export function viewApproval(
  state: MissionState,
  nodeId: string,
  approved: TraceEvent | null,
): Result<ApprovalView, Rejection> {
  if (!state.plan.specById.has(nodeId)) return err({ reason: "node_unknown", nodeId });
  const record = nodeRecord(state, nodeId);
  const { request, proposal, attempt } = record;
  if (!request) return err({ reason: "approval_not_requested", nodeId });
  const { title, risk } = specOf(state, nodeId);
  const { gateDigest, requirement, deadlineAt } = request;
  const { missionId, plan, policy } = state;
  const action = proposal?.action ?? null;
  const evidence = evidenceFor(state, nodeId);
  const now = { action, evidence: evidence.map(({ hash }) => hash) };
  return ok({
    missionId,
    nodeId,
    title,
    attempt,
    risk,
    gateDigest,
    shortDigest: shortDigest(gateDigest),
    planHash: plan.hash,
    policy: { version: policy.version, hash: policy.hash },
    proposer: proposal?.agent.id ?? null,
    rationale: proposal?.rationale ?? null,
    action,
    evidence: evidence.map(shownEvidence),
    requirement,
    seats: seatsTaken(record, request),
    also: askedNow(record, request).also ?? [],
    escalation: escalationOf(record, request),
    deadlineAt,
    outcomes: outcomesOf(state, nodeId, record, request),
    changes: approved ? changesSince(approved, now) : null,
    statement: { missionId, nodeId, attempt, gateDigest },
  });
}

function seatsTaken(record: NodeRecord, request: OpenRequest): readonly Seat[] {
  const people = record.approvals
    .filter((held) => held.gateDigest === request.gateDigest)
    .map(({ approver: id, groups }) => ({ id, groups }));
  return seatPeople(askedNow(record, request), people);
}

function askedNow(record: NodeRecord, { requirement, gateDigest }: OpenRequest): SeatRequirement {
  return escalatedTo(requirement, escalationSteps(record, gateDigest));
}

function escalationOf(record: NodeRecord, request: OpenRequest): ApprovalView["escalation"] {
  const taken = escalationSteps(record, request.gateDigest);
  const steps = request.requirement.escalation ?? [];
  return steps.map(({ group, instead = false, afterMs }, at) => ({
    group,
    instead,
    at: unixMsToIso(askedAtMs(request) + afterMs),
    taken: at < taken,
  }));
}

function outcomesOf(
  state: MissionState,
  nodeId: string,
  record: NodeRecord,
  request: OpenRequest,
): ApprovalView["outcomes"] {
  const { kind, approves } = specOf(state, nodeId);
  const empty = seatsTaken(record, request).filter(({ person }) => person === null).length;
  const need = seatsOf(request.requirement).length;
  const type = record.proposal?.action?.type;
  const runs =
    kind === "execution"
      ? `a ticket is issued for ${type} with exactly these arguments`
      : approves === undefined
        ? `${nodeId} goes on`
        : `${approves} may run ${type} with exactly these arguments and no others`;
  const last =
    empty <= 1
      ? "With the last approval the gate is asked again"
      : `${empty} of ${need} approvals are still missing; with the last one the gate is asked again`;
  return {
    approve: `${last}, and if it allows, ${runs}. An approval overrides no block.`,
    deny: "Final for exactly this: the node is blocked, and people are asked again only about something else.",
    silence: `At ${request.deadlineAt} silence denies: nothing runs.`,
  };
}

type Revision = Pick<EventData["approval.requested"], "action" | "evidence">;

function changesSince(approved: TraceEvent, now: Revision): RevisionChanges {
  const then = dataOf(approved, "approval.requested");
  const [was, is] = [then, now].map(
    ({ action }) => action && { type: action.type, args: action.args },
  );
  return {
    seq: approved.seq,
    gateDigest: then.gateDigest,
    attempt: then.attempt,
    action: diffJson((was ?? null) as JsonValue, (is ?? null) as JsonValue),
    evidence: {
      added: now.evidence.filter((hash) => !then.evidence.includes(hash)),
      removed: then.evidence.filter((hash) => !now.evidence.includes(hash)),
    },
  };
}
