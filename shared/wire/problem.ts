/**
 * Every refusal as an HTTP problem: the one table from code to status and title, and the one
 * translation of a rejection into it. Refuses to know requests and responses; worker/problems.ts
 * writes them. Specification: RFC 9457 and docs/errors.md, which lists each code.
 */
import type { KeyReject } from "../crypto.ts";
import type { Rejection, RejectionReason } from "../mission/index.ts";
import type { JsonObject, JsonReject, JsonValue } from "../strict-json.ts";
import type { TeamRejection } from "./rpc.ts";
import type { StreamReject } from "./stream.ts";

/** What only HTTP itself may refuse; everything else is a rejection's own reason. */
export type HttpProblemCode =
  | "not_found"
  | "method_not_allowed"
  | "unauthenticated"
  | "hook_signature_invalid"
  | "role_missing"
  | "media_type_unsupported"
  | "body_too_large"
  | "request_invalid"
  | "idempotency_key_malformed"
  | "if_match_malformed"
  | "replay_point_unknown"
  | "stream_full"
  | "brief_invalid"
  | "log_point_unknown"
  | "gate_blocked"
  | "gate_sealed"
  | "unavailable"
  | "internal";

/** One string serves the code, the end of the problem type, the metric label and docs/errors.md. */
export type ProblemCode =
  | RejectionReason
  | TeamRejection["reason"]
  | JsonReject["reason"]
  | KeyReject["reason"]
  | HttpProblemCode;

/** A place in the request that was refused; `fix` says what would be accepted, where that is known. */
export interface ProblemError {
  /** RFC 6901 pointer into the body, or `/query/<name>` outside it. */
  readonly pointer: string;
  readonly detail: string;
  readonly fix?: string;
  /** The violation's own code, where the refusal is one of many kinds (docs/plan.md). */
  readonly code?: string;
}

/** A refusal on its way to the wire. `facts` become extension members. */
export interface Problem {
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly errors?: readonly ProblemError[];
  readonly facts?: JsonObject;
}

/** The document of RFC 9457 as sent; extension members stand beside these. */
export type ProblemDocument = JsonObject & {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly instance: string;
  readonly code: ProblemCode;
};

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** Status and title of every code. 400 unreadable, 409 against the state, 422 read and refused. */
export const PROBLEMS = {
  not_found: { status: 404, title: "There is nothing at this address" },
  method_not_allowed: { status: 405, title: "This address does not take this method" },
  unauthenticated: { status: 401, title: "A valid access token is needed" },
  role_missing: { status: 403, title: "The token lacks a role this needs" },
  media_type_unsupported: { status: 415, title: "The body must be JSON" },
  body_too_large: { status: 413, title: "The body is too large" },
  request_invalid: { status: 422, title: "The request does not fit the contract" },
  idempotency_key_malformed: { status: 400, title: "The idempotency key is malformed" },
  idempotency_key_reused: {
    status: 422,
    title: "The idempotency key was used for another request",
  },
  if_match_malformed: { status: 400, title: "The If-Match header is malformed" },
  head_stale: { status: 412, title: "The mission moved on since it was read" },
  replay_point_unknown: { status: 422, title: "The trace has no such point" },
  stream_full: { status: 429, title: "Too many are watching this mission" },
  log_point_unknown: { status: 422, title: "The log has no such entry or size" },
  json_malformed: { status: 400, title: "The body is not JSON" },
  json_duplicate_key: { status: 422, title: "The JSON holds a key twice" },
  json_lone_surrogate: { status: 422, title: "The JSON holds a lone surrogate" },
  json_number_unsafe: { status: 422, title: "The JSON holds a number that cannot be kept exactly" },
  json_key_forbidden: { status: 422, title: "The JSON holds a forbidden key" },
  json_too_deep: { status: 422, title: "The JSON nests too deep" },
  key_malformed: { status: 422, title: "The public key is malformed" },
  key_low_order: { status: 422, title: "The public key is of low order" },
  key_non_canonical: { status: 422, title: "The public key is not in canonical form" },
  key_has_private_part: { status: 422, title: "The key holds its private part" },
  key_in_use: { status: 409, title: "The key belongs to another person" },
  mission_unknown: { status: 404, title: "There is no such mission" },
  mission_exists: { status: 409, title: "The mission is already open" },
  mission_broken: { status: 409, title: "The mission's trace does not verify" },
  mission_not_active: { status: 409, title: "The mission is not active" },
  mission_full: { status: 409, title: "The mission's trace is full" },
  intervention_not_possible: { status: 409, title: "The mission's state does not allow this" },
  amendment_invalid: { status: 422, title: "The amendment does not fit the plan" },
  amendment_open: { status: 409, title: "Another amendment waits for a decision" },
  amendments_exhausted: { status: 409, title: "The mission has been amended too often" },
  plan_invalid: { status: 422, title: "The plan does not compile" },
  brief_invalid: { status: 422, title: "The brief does not compile" },
  policy_not_active: { status: 409, title: "Nobody has activated this policy version" },
  policy_already_pinned: { status: 409, title: "The mission runs under this policy already" },
  policy_repins_exhausted: {
    status: 409,
    title: "The mission was moved to other policies too often",
  },
  policy_not_tighter: {
    status: 409,
    title: "The policy is not proven tighter than the pinned one",
  },
  policy_inactive: { status: 409, title: "The team has no active policy" },
  canary_unguarded: {
    status: 422,
    title: "A canary's execution must be one that people are asked at",
  },
  input_unexpected: { status: 422, title: "The plan does not name this mission input" },
  node_unknown: { status: 404, title: "The mission has no such node" },
  node_not_open: { status: 409, title: "The node is not open for this" },
  node_not_running: { status: 409, title: "The node is not running" },
  node_sealed: { status: 409, title: "The node is sealed" },
  loop_guarded: { status: 409, title: "Proposals go round in circles here; a person decides" },
  proposal_not_expected: { status: 409, title: "The node takes no proposal" },
  result_not_expected: { status: 409, title: "The node takes no result" },
  agent_not_permitted: { status: 403, title: "This agent may not act on the node" },
  evidence_kind_unexpected: { status: 422, title: "The node does not take this kind of evidence" },
  evidence_hash_mismatch: { status: 422, title: "The evidence does not have the hash it names" },
  verifier_not_permitted: { status: 422, title: "This verifier may not be registered like this" },
  receipt_refused: { status: 422, title: "A verifier receipt of the evidence does not hold" },
  evidence_unknown: { status: 404, title: "The mission has no evidence of this hash" },
  approval_not_requested: { status: 409, title: "The node is not waiting for an approval" },
  approver_unknown: { status: 403, title: "The directory knows no such approver" },
  approver_not_permitted: { status: 403, title: "This person may not approve this" },
  approval_signature_invalid: { status: 422, title: "The statement's signature does not verify" },
  passkey_counter_regressed: { status: 409, title: "The passkey was used elsewhere since" },
  approver_not_found: { status: 404, title: "No such approver" },
  delegation_not_permitted: { status: 403, title: "This delegation gives nothing here" },
  delegation_unknown: { status: 404, title: "There is no such delegation" },
  passkey_refused: { status: 422, title: "The passkey's answer is not one to this question" },
  approval_statement_malformed: { status: 422, title: "The signed text is not a statement" },
  approval_statement_mismatch: { status: 422, title: "The statement is about something else" },
  approval_statement_expired: { status: 422, title: "The statement is outside its time window" },
  approval_digest_stale: { status: 409, title: "What was signed is no longer what is asked" },
  approval_already_given: { status: 409, title: "This person has already approved" },
  outcome_not_unknown: { status: 409, title: "The outcome at this node is not unknown" },
  reconciliation_not_permitted: {
    status: 403,
    title: "This person may not reconcile this outcome like this",
  },
  ticket_unknown: { status: 404, title: "The mission issued no such ticket" },
  gate_blocked: { status: 409, title: "The gate blocked" },
  gate_sealed: { status: 409, title: "The gate sealed the node" },
  policy_unknown: { status: 404, title: "There is no such policy version" },
  policy_not_proposed: { status: 409, title: "The policy version is not a proposal" },
  webhook_unknown: { status: 404, title: "There is no such webhook" },
  webhook_disabled: { status: 409, title: "The webhook is disabled" },
  delivery_unknown: { status: 404, title: "There is no such delivery, or it is no longer kept" },
  hook_unknown: { status: 404, title: "There is no such hook" },
  hook_signature_invalid: { status: 401, title: "The message is not a valid one of this hook" },
  incident_unknown: { status: 404, title: "There is no such incident" },
  incident_status_final: { status: 409, title: "The incident is already settled" },
  agent_not_found: { status: 404, title: "The directory knows no such agent" },
  grant_unknown: { status: 404, title: "The agent has no such grant" },
  grant_not_permitted: { status: 422, title: "This grant may not be issued" },
  skill_not_registered: { status: 422, title: "The zone has not registered this skill" },
  zone_owns_foreign: { status: 409, title: "Another zone owns this artifact or slice" },
  directory_full: { status: 409, title: "The directory is full" },
  unavailable: { status: 503, title: "A part this needs does not answer" },
  internal: { status: 500, title: "Something went wrong here" },
} as const satisfies Record<ProblemCode, ProblemKind>;

/** The code's status. */
export function problemStatus(code: ProblemCode): (typeof PROBLEMS)[ProblemCode]["status"] {
  return PROBLEMS[code].status;
}

/** Whether a text is one of the codes, for `/docs/errors/:code`. */
export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text);
}

/** The RFC 6901 pointer of a path. */
export function toPointer(path: readonly (string | number)[]): string {
  return path
    .map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

/**
 * A rejection as a problem: `reason` becomes the code, `detail` the detail, every other fact an
 * extension member. The violations of `plan_invalid` become `errors` with pointers under `/plan`.
 */
export function rejectionToProblem(rejection: Rejection | TeamRejection | StreamReject): Problem {
  if (rejection.reason === "plan_invalid" || rejection.reason === "amendment_invalid") {
    const root = rejection.reason === "plan_invalid" ? "/plan" : "";
    return {
      code: rejection.reason,
      errors: rejection.violations.map(({ code, pointer, detail, fix }) => ({
        pointer: `${root}${pointer}`,
        detail,
        fix,
        code,
      })),
    };
  }
  if (rejection.reason === "grant_not_permitted") {
    const { reason: code, pointer, detail } = rejection;
    return { code, detail, errors: [{ pointer, detail }] };
  }
  const { reason, ...facts } = rejection;
  return factsToProblem(reason, facts);
}

/** Everything that keeps a brief or a plan from compiling, with pointers below `base`. */
export function violationsToProblem(
  code: "brief_invalid" | "plan_invalid",
  base: string,
  { violations }: { readonly violations: readonly Required<ProblemError>[] },
): Problem {
  return {
    code,
    errors: violations.map((violation) => ({ ...violation, pointer: base + violation.pointer })),
  };
}

/** A refused JSON text as a problem, with the place of the offence. */
export function jsonRejectToProblem(reject: JsonReject): Problem {
  const { reason, pointer, offset, detail } = reject;
  return { code: reason, detail, errors: [{ pointer, detail }], facts: { offset } };
}

/** The document of one occurrence. A 5xx tells nothing but its code, whatever the problem holds. */
export function problemDocument(
  problem: Problem,
  origin: string,
  instance: string,
): ProblemDocument {
  const { status, title } = PROBLEMS[problem.code];
  const type = `${origin}/docs/errors/${problem.code}`;
  const fixed = { type, title, status, instance, code: problem.code };
  if (status >= 500) return fixed;
  return {
    ...problem.facts,
    ...fixed,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(problem.errors === undefined
      ? {}
      : { errors: problem.errors.map((error) => ({ ...error })) }),
  };
}

function factsToProblem(code: ProblemCode, facts: Readonly<Record<string, JsonValue>>): Problem {
  const { detail, ...rest } = facts;
  const problem = { code, ...(typeof detail === "string" ? { detail } : {}) };
  return Object.keys(rest).length === 0 ? problem : { ...problem, facts: rest };
}
