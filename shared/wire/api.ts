/**
 * The bodies of the API: what each request must hold and what each answer holds, for the worker, the
 * command line and the OpenAPI document alike. Requests are strict; an answer's schema is checked
 * against the type it is made from, so the two cannot drift apart unseen.
 * Specification: the routes of docs/api.md.
 */
import * as z from "zod";
import type { AgentFacts, Answer, Certification } from "../mission/index.ts";
import { evidenceInputSchema } from "../evidence/index.ts";
import { MISSION_ID, POLICY_ID } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import {
  actionTypeSchema,
  factorsSchema,
  amendmentSchema,
  nameSchema,
  planSchema,
  subjectSchema,
  purposeSchema,
  sliceSchema,
} from "../plan/index.ts";
import { policyDocumentSchema } from "../policy/index.ts";
import type { GateResultRecord, Head, TraceEvent } from "../trace/index.ts";
import { observationsSchema } from "../universe/index.ts";
import type { AgentEntry, PolicyRecord } from "./rpc.ts";

const textSchema = z.string().min(1).max(LIMITS.reasonTextCharsMax);
const momentSchema = z.iso.datetime({ precision: 3 });
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
export const jsonObjectSchema = z.record(z.string(), z.json());
/** A signed statement as a compact JWS. */
const statementSchema = z.string().min(1).max(LIMITS.compactJwsCharsMax);

/** Mission inputs beyond this are a plan that should name its evidence at its nodes. */
const MISSION_INPUTS_MAX = 64;

export const openMissionSchema = z.strictObject({
  plan: planSchema,
  inputs: z.array(evidenceInputSchema).max(MISSION_INPUTS_MAX).default([]),
});

/** A person's intervention; each kind has exactly the members it needs. */
export const interveneSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["pause", "resume", "stop"]), reason: textSchema }),
  z.strictObject({
    kind: z.literal("reset"),
    reason: textSchema,
    /** The one node; without it, every node that can be reset. */
    nodeId: nameSchema.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("ban"), reason: textSchema, agent: subjectSchema }),
]);

/** New nodes, and edges whose target is one of them. */
export const amendMissionSchema = amendmentSchema;

/** What an agent proposes: a decision, or an action with its arguments. */
export const proposeSchema = z.strictObject({
  rationale: z.string().max(LIMITS.reasonTextCharsMax).default(""),
  action: z
    .strictObject({ type: actionTypeSchema, args: jsonObjectSchema.default({}) })
    .nullable()
    .default(null),
  /** What was observed of the node's universes, where it declares some. */
  universes: observationsSchema.exactOptional(),
  /** What the proposal is for. */
  purpose: purposeSchema.exactOptional(),
  /** What speaks for a human; can raise the node's share, never lower it. */
  factors: factorsSchema.exactOptional(),
  /** The slices it will write, within the node's write-set. */
  writeSet: z.array(sliceSchema).max(64).exactOptional(),
});

/** A dry run: of the given proposal, or of the one the node holds when none is given. */
export const explainSchema = z.strictObject({ proposal: proposeSchema.nullable().default(null) });

export const submitResultSchema = z.strictObject({
  outputs: jsonObjectSchema.default({}),
  tests: z
    .array(
      z.strictObject({
        id: nameSchema,
        passed: z.boolean(),
        detail: z.string().max(LIMITS.reasonTextCharsMax).optional(),
      }),
    )
    .max(64)
    .default([]),
});

export const headSchema = z.strictObject({
  seq: z.int().min(-1),
  hash: hashSchema,
}) satisfies z.ZodType<Head>;

/** A mission of the caller's team, or an exported trace; `head` is where the trace must end, if known. */
export const verifySchema = z.union([
  z.strictObject({ missionId: z.string().regex(MISSION_ID), certify: z.boolean().default(false) }),
  z.strictObject({
    events: z.array(jsonObjectSchema),
    head: headSchema.optional(),
    certify: z.boolean().default(false),
  }),
]);

export const proposePolicySchema = z.strictObject({ document: policyDocumentSchema });

/** The version to move to, and the signature of the person who answers for it. */
export const repinPolicySchema = z.strictObject({
  version: z.string().regex(POLICY_ID),
  statement: statementSchema,
});

export const activatePolicySchema = z.strictObject({ statement: statementSchema });

/** `system` is who advances the system's own nodes, and policies name it; nobody else may be called that. */
export const directoryIdSchema = subjectSchema.refine((id) => id !== "system", "is reserved");

export const putAgentSchema = z.strictObject({
  id: directoryIdSchema,
  skills: z.array(nameSchema).max(64).default([]),
  zone: z.string().min(1).max(256).nullable().default(null),
  /** Omitted: as it was, so that a change of skills lifts no ban; false for a new agent. */
  banned: z.boolean().exactOptional(),
  family: nameSchema.exactOptional(),
}) satisfies z.ZodType<AgentEntry>;

const verdictSchema = z.enum(["allow", "pause", "block", "seal"]);
export const nodeStatusSchema = z.enum(["NEW", "READY", "RUNNING", "DONE", "BLOCKED"]);
export const missionStatusSchema = z.enum(["active", "paused", "stopped", "completed"]);

export const gateResultSchema = z.strictObject({
  verdict: verdictSchema,
  score: z.number(),
  reasons: z.array(
    z.strictObject({
      code: z.string(),
      gate: z.string(),
      detail: z.string(),
      counterfactual: z.string().exactOptional(),
    }),
  ),
  gates: z.array(z.strictObject({ gate: z.string(), verdict: verdictSchema })),
}) satisfies z.ZodType<GateResultRecord>;

type AnswerOf<T extends Answer["type"]> = Extract<Answer, { type: T }>;

const openedSchema = z.strictObject({
  type: z.literal("opened"),
  missionId: z.string(),
  state: missionStatusSchema,
  planHash: hashSchema,
  policyVersion: z.string(),
  ready: z.array(z.string()),
}) satisfies z.ZodType<AnswerOf<"opened">>;

/** `warnings` name nodes that ask for people the directory does not have; the mission is open all the same. */
export const openedWithWarningsSchema = openedSchema.extend({
  warnings: z.array(z.strictObject({ nodeId: z.string(), detail: z.string() })),
});

/** A mission as the list shows it: from the index, so possibly a moment behind. */
export const missionSummarySchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  state: z.string(),
  sealed: z.boolean(),
  openedAt: momentSchema,
  openedBy: z.string(),
  planHash: hashSchema,
  policyVersion: z.string(),
  progress: z.strictObject({ done: z.int(), total: z.int() }),
  updatedAt: momentSchema,
});

export const evidenceAnswerSchema = z.strictObject({
  type: z.literal("evidence"),
  id: z.string(),
  hash: hashSchema,
  verification: z.strictObject({
    state: z.literal("hash_verified"),
    claims: z.int(),
    unsourced: z.array(z.string()),
    withoutPrimary: z.array(z.string()),
  }),
  nodeState: nodeStatusSchema,
}) satisfies z.ZodType<AnswerOf<"evidence">>;

export const gateAnswerSchema = z.strictObject({
  type: z.literal("gate"),
  proposalId: z.string(),
  adopted: z.boolean(),
  nodeState: nodeStatusSchema,
  gateDigest: hashSchema,
  gateResult: gateResultSchema,
  ticket: z.strictObject({ jti: z.string(), expiresAt: momentSchema }).nullable(),
}) satisfies z.ZodType<AnswerOf<"gate">>;

export const approvalAnswerSchema = z.strictObject({
  type: z.literal("approval"),
  decision: z.enum(["approve", "deny"]),
  approver: z.string(),
  gateDigest: hashSchema,
  nodeState: nodeStatusSchema,
  gateResult: gateResultSchema.nullable(),
}) satisfies z.ZodType<AnswerOf<"approval">>;

export const resultAnswerSchema = z.strictObject({
  type: z.literal("result"),
  nodeState: nodeStatusSchema,
  gateResult: gateResultSchema,
}) satisfies z.ZodType<AnswerOf<"result">>;

export const interventionAnswerSchema = z.strictObject({
  type: z.literal("intervention"),
  state: missionStatusSchema,
  reset: z.array(z.string()),
}) satisfies z.ZodType<AnswerOf<"intervention">>;

export const amendmentAnswerSchema = z.strictObject({
  type: z.literal("amendment"),
  id: z.string(),
  state: z.enum(["applied", "waiting", "refused"]),
  gateDigest: hashSchema,
  planHash: hashSchema,
  ready: z.array(z.string()),
  gateResult: gateResultSchema,
}) satisfies z.ZodType<AnswerOf<"amendment">>;

export const repinnedSchema = z.strictObject({
  type: z.literal("repinned"),
  policyVersion: z.string(),
  policyHash: hashSchema,
  voided: z.array(z.string()),
}) satisfies z.ZodType<AnswerOf<"repinned">>;

/** A command that changed nothing it was asked to. */
export const recordedSchema = z.strictObject({
  type: z.literal("recorded"),
  events: z.int().min(0),
}) satisfies z.ZodType<AnswerOf<"recorded">>;

export const explanationSchema = z.strictObject({
  gateResult: gateResultSchema,
  gateDigest: hashSchema,
});

export const traceEventSchema = z.strictObject({
  seq: z.int().min(0),
  missionId: z.string(),
  nodeId: z.string().nullable(),
  type: z.string(),
  actor: z.strictObject({ kind: z.enum(["agent", "human", "system", "gateway"]), id: z.string() }),
  at: momentSchema,
  stateBefore: z.string().nullable(),
  stateAfter: z.string().nullable(),
  evidenceHash: hashSchema.nullable(),
  approvalSignature: z.string().nullable(),
  gateResult: gateResultSchema.nullable(),
  policyVersion: z.string().nullable(),
  data: jsonObjectSchema,
  prevHash: hashSchema,
  hash: hashSchema,
}) satisfies z.ZodType<TraceEvent>;

/** Whether every event follows from the recorded inputs (docs/replay.md). */
const certificationSchema = z.discriminatedUnion("certified", [
  z.strictObject({
    certified: z.literal(true),
    events: z.int(),
    gates: z.int(),
    unjudged: z.int(),
    exact: z.boolean(),
    head: headSchema,
    stateHash: hashSchema,
    approverKeys: z.enum(["pinned", "as recorded"]),
    verifierKeys: z.enum(["pinned", "as recorded"]),
  }),
  z.strictObject({
    certified: z.literal(false),
    seq: z.int(),
    member: z.string(),
    recorded: z.string().nullable(),
    recomputed: z.string().nullable(),
  }),
]) satisfies z.ZodType<Certification>;

export const verificationSchema = z.discriminatedUnion("valid", [
  z.strictObject({
    valid: z.literal(true),
    events: z.int(),
    head: headSchema,
    certification: certificationSchema.exactOptional(),
  }),
  z.strictObject({
    valid: z.literal(false),
    firstBadSeq: z.int(),
    reason: z.string(),
    detail: z.string(),
  }),
]);

export const policyRecordSchema = z.strictObject({
  version: z.string(),
  hash: hashSchema,
  document: policyDocumentSchema,
  state: z.enum(["proposed", "shadow", "active", "retired"]),
  proposedBy: z.string(),
  proposedAt: momentSchema,
  activatedBy: z.string().nullable(),
  activatedAt: momentSchema.nullable(),
}) satisfies z.ZodType<PolicyRecord>;

export const agentSchema = z.strictObject({
  id: z.string(),
  skills: z.array(z.string()),
  zone: z.string().nullable(),
  banned: z.boolean(),
  family: z.string().exactOptional(),
}) satisfies z.ZodType<AgentFacts>;

export const publicJwkSchema = z.discriminatedUnion("kty", [
  z.strictObject({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    x: z.string(),
    kid: z.string().exactOptional(),
    alg: z.string().exactOptional(),
    use: z.string().exactOptional(),
  }),
  z.strictObject({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    x: z.string(),
    y: z.string(),
    kid: z.string().exactOptional(),
    alg: z.string().exactOptional(),
    use: z.string().exactOptional(),
  }),
]);

export const jwksSchema = z.strictObject({ keys: z.array(publicJwkSchema) });

export const streamTicketSchema = z.strictObject({
  ticket: z.string(),
  expiresAt: momentSchema,
});

/** A page of a list; `nextCursor` is null on the last one. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}
