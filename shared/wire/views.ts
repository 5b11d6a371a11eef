/**
 * The schemas of the views: a mission and its nodes as the API answers them. Checked against
 * shared/mission/view.ts, which alone decides what a view holds.
 */
import * as z from "zod";
import type { EvidenceSummary, EvidenceVerification } from "../evidence/index.ts";
import { REASON_CODES, GATES, type GateName, type ReasonCode } from "../gates/index.ts";
import {
  type BlockedNode,
  type BlockedView,
  LOOP_CODES,
  type MissionView,
  type NodeView,
} from "../mission/index.ts";
import { nodeSchema, approvalRequirementSchema, factorsSchema } from "../plan/index.ts";
import { receiptSchema } from "../ticket/index.ts";
import { observationsSchema } from "../universe/index.ts";
import { headSchema, missionStatusSchema } from "./api.ts";
import { findingSchema } from "./outcome.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const ownerSchema = z.enum(["human", "agent", "system"]);
const jsonObjectSchema = z.record(z.string(), z.json());

const reasonSchema = z.strictObject({
  code: z.enum(Object.keys(REASON_CODES) as [ReasonCode, ...ReasonCode[]]),
  gate: z.enum(Object.keys(GATES) as [GateName, ...GateName[]]),
  detail: z.string(),
  counterfactual: z.string().exactOptional(),
});

const seatRequirementSchema = z.strictObject({
  quorum: z.int(),
  group: z.string().exactOptional(),
  all: z.array(z.strictObject({ group: z.string(), quorum: z.int() })).exactOptional(),
  also: z.array(z.string()).exactOptional(),
});

/** A gate that paused, with the codes it gave, sorted and each once. */
export const namedPauseSchema = z.strictObject({
  gate: reasonSchema.shape.gate,
  codes: z.array(reasonSchema.shape.code),
});

export const verificationSummarySchema = z.strictObject({
  contentHash: hashSchema,
  receiptHashes: z.array(hashSchema),
  claims: z.array(
    z.strictObject({
      id: z.string(),
      status: z.enum([
        "verified",
        "absent",
        "misattributed",
        "unavailable",
        "unclear",
        "disagreement",
      ]),
      families: z.int(),
    }),
  ),
}) satisfies z.ZodType<EvidenceVerification>;

export const evidenceSummarySchema = z.strictObject({
  id: z.string(),
  hash: hashSchema,
  kind: z.string(),
  producedBy: z.string(),
  expiresAt: momentSchema.nullable(),
  claims: z.array(
    z.strictObject({
      id: z.string(),
      aboutHash: hashSchema,
      valueHash: hashSchema,
      confidence: z.number(),
      sources: z.int(),
      primarySources: z.int(),
    }),
  ),
  verification: verificationSummarySchema.exactOptional(),
}) satisfies z.ZodType<EvidenceSummary>;

export const nodeViewSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  kind: z.enum(["decision", "execution", "approval"]),
  phase: z.string(),
  risk: z.int(),
  ownerR: ownerSchema,
  ownerX: ownerSchema,
  approves: z.string().nullable(),
  state: z.enum(["NEW", "READY", "RUNNING", "DONE", "BLOCKED"]),
  attempt: z.int(),
  attemptsMax: z.int(),
  attemptsForgiven: z.int().exactOptional(),
  resets: z.int().exactOptional(),
  loop: z.enum(LOOP_CODES).exactOptional(),
  verdict: z.enum(["pause", "block", "seal"]).nullable(),
  reasons: z.array(reasonSchema),
  proposal: z
    .strictObject({
      id: z.string(),
      agent: z.string(),
      rationale: z.string(),
      action: z
        .strictObject({ type: z.string(), args: jsonObjectSchema, argsHash: hashSchema })
        .nullable(),
      universes: observationsSchema.exactOptional(),
      factors: factorsSchema.exactOptional(),
      purpose: z.string().exactOptional(),
      writeSet: z.array(z.string()).exactOptional(),
    })
    .nullable(),
  evidence: z.array(evidenceSummarySchema),
  approvals: z.array(z.strictObject({ approver: z.string(), gateDigest: hashSchema })),
  request: z
    .strictObject({
      gateDigest: hashSchema,
      /** What an approval clears: gates that paused, with their codes; only there where some did. */
      pauses: z.array(namedPauseSchema).exactOptional(),
      subjectDigest: hashSchema.exactOptional(),
      requirement: approvalRequirementSchema,
      askedNow: seatRequirementSchema.exactOptional(),
      reminded: z.int().exactOptional(),
      have: z.int(),
      deadlineAt: momentSchema,
    })
    .nullable(),
  ticket: z
    .strictObject({ jti: z.string(), issuedAt: momentSchema, expiresAt: momentSchema })
    .nullable(),
  /** With what a person found, where the gateway did not know. */
  receipt: receiptSchema
    .extend({
      reconciled: z.strictObject({ outcome: findingSchema, by: z.string() }).exactOptional(),
    })
    .nullable(),
  result: z
    .strictObject({
      outputs: jsonObjectSchema,
      tests: z.array(z.strictObject({ id: z.string(), passed: z.boolean() })),
      by: z.string(),
    })
    .nullable(),
  lease: z
    .strictObject({
      fence: z.record(z.string(), z.int()),
      expiresAt: momentSchema.nullable(),
      scope: z.literal("team").exactOptional(),
    })
    .nullable(),
  ranDigest: hashSchema.nullable(),
  share: z
    .strictObject({
      h: z.number(),
      a: z.number(),
      h0: z.number(),
      hk: z.number(),
      k: z.int(),
      eqk: z.number(),
      draw: z.number(),
      selected: z.boolean(),
    })
    .exactOptional(),
}) satisfies z.ZodType<NodeView>;

export const missionViewSchema = z.strictObject({
  id: z.string(),
  team: z.string(),
  title: z.string(),
  state: missionStatusSchema,
  sealed: z.boolean(),
  openedAt: momentSchema,
  openedBy: z.string(),
  planHash: hashSchema,
  policy: z.strictObject({ version: z.string(), hash: hashSchema }),
  inputs: z.array(evidenceSummarySchema),
  progress: z.strictObject({ done: z.int(), total: z.int() }),
  nodes: z.array(nodeViewSchema),
  edges: z.array(z.strictObject({ from: z.string(), to: z.string() })),
  resets: z.int().exactOptional(),
  bannedAgents: z.array(z.string()).exactOptional(),
  amendments: z
    .strictObject({
      open: z
        .strictObject({
          id: z.string(),
          title: z.string(),
          reason: z.string(),
          by: z.string(),
          risk: z.int(),
          nodes: z.array(nodeSchema),
          edges: z.array(z.strictObject({ from: z.string(), to: z.string() })),
          request: nodeViewSchema.shape.request,
        })
        .nullable(),
      applied: z.array(
        z.strictObject({
          id: z.string(),
          title: z.string(),
          by: z.string(),
          planHash: hashSchema,
          nodes: z.array(z.string()),
        }),
      ),
    })
    .exactOptional(),
  allocation: z.strictObject({ hTotal: z.number() }).exactOptional(),
}) satisfies z.ZodType<MissionView>;

const blockedNodeSchema = z.strictObject({
  nodeId: z.string(),
  verdict: z.enum(["pause", "block", "seal"]).nullable(),
  codes: z.array(z.string()),
  deadlineAt: momentSchema.nullable(),
  waiting: z.int(),
  atLeast: z.boolean(),
  chain: z.array(z.string()),
}) satisfies z.ZodType<BlockedNode>;

/** What stands still behind which node, and what goes on. */
export const blockedSchema = z.strictObject({
  items: z.array(blockedNodeSchema),
  nextCursor: z.null(),
  blocked: z.int(),
  waiting: z.int(),
  goingOn: z.int(),
}) satisfies z.ZodType<BlockedView & { nextCursor: null }>;

/** The view; `broken` is there only when the trace does not verify, and then names the first bad seq. */
export const missionStateSchema = missionViewSchema.extend({
  broken: z.strictObject({ seq: z.int(), detail: z.string() }).exactOptional(),
});

/** The state at a point of the trace; `stateHash` is taken over `view`. */
export const replaySchema = z.strictObject({
  head: headSchema,
  stateHash: hashSchema,
  view: missionViewSchema,
});
