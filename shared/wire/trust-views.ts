/**
 * The bodies of the routes over trust and grants. Requests are strict; an answer's schema is checked against its
 * type. Specification: docs/trust.md, docs/api.md.
 */
import * as z from "zod";
import { GRANT_ID, MISSION_ID } from "../ids.ts";
import { actionTypeSchema } from "../plan/index.ts";
import { GRANT_LIMITS, type KeptGrant, type Trust } from "../trust/index.ts";
import type { TrustAnswer, TrustRecord } from "./trust-rpc.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const reasonSchema = z.string().trim().min(1).max(2_000);

/** Why a person resets trust or revokes a grant. */
export const withReasonSchema = z.strictObject({ reason: reasonSchema });

export const issueGrantSchema = z.strictObject({
  actionType: actionTypeSchema,
  zone: z.string().min(1).max(256).exactOptional(),
  riskMax: z.int().min(0).max(GRANT_LIMITS.riskMax),
  missionId: z.string().regex(MISSION_ID).exactOptional(),
  /** At most 30 days ahead. */
  expiresAt: momentSchema,
  reason: reasonSchema,
});

export const grantSchema = z.strictObject({
  id: z.string().regex(GRANT_ID),
  agent: z.string(),
  actionType: z.string(),
  zone: z.string().exactOptional(),
  riskMax: z.int(),
  missionId: z.string().exactOptional(),
  expiresAt: momentSchema,
  issuedBy: z.string(),
  issuedAt: momentSchema,
  reason: z.string(),
  revoked: z.strictObject({ by: z.string(), at: momentSchema, reason: z.string() }).nullable(),
}) satisfies z.ZodType<KeptGrant>;

const trustSchema = z.strictObject({
  score: z.number(),
  streak: z.int(),
  cooldownUntil: momentSchema.nullable(),
}) satisfies z.ZodType<Trust>;

const trustRecordSchema = z.strictObject({
  number: z.int(),
  at: momentSchema,
  outcome: z.enum([
    "approval_granted",
    "node_done",
    "approval_denied",
    "attempt_failed",
    "evidence_fabricated",
    "authorization_expired",
    "agent_banned",
    "trust_reset",
  ]),
  missionId: z.string().nullable(),
  nodeId: z.string().nullable(),
  seq: z.int().nullable(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  deltaRequested: z.number(),
  deltaApplied: z.number(),
  trust: trustSchema,
}) satisfies z.ZodType<TrustRecord>;

export const trustAnswerSchema = z.strictObject({
  agent: z.string(),
  trust: trustSchema.nullable(),
  updates: z.array(trustRecordSchema),
}) satisfies z.ZodType<TrustAnswer>;
