/**
 * The execution ticket: the signed, single-use, expiring permission for one side effect.
 *
 * JWS compact, header `{ alg: "EdDSA", typ: "sekisho-ticket+jwt", kid }`. `team` is a claim so
 * that the gateway's ledger and the mission are found from signed data only (docs/decisions/0004).
 */
import * as z from "zod";
import { MISSION_ID, TICKET_ID } from "../ids.ts";
import { actionTypeSchema, nameSchema, sliceSchema, subjectSchema } from "../plan/index.ts";

export const TICKET_JWS_TYPE = "sekisho-ticket+jwt";

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const ticketClaimsSchema = z.strictObject({
  iss: z.string().min(1).max(512),
  aud: z.string().min(1).max(512),
  /** Seconds since the epoch, whole (RFC 7519 NumericDate). */
  iat: z.int().min(0),
  exp: z.int().min(0),
  jti: z.string().regex(TICKET_ID),
  sub: subjectSchema,
  team: z.string().min(1).max(128),
  txn: z.string().regex(MISSION_ID),
  node_id: nameSchema,
  attempt: z.int().min(1),
  action_type: actionTypeSchema,
  args_hash: hashSchema,
  risk_level: z.int().min(0).max(4),
  policy_version: z.string().min(1).max(128),
  graph_hash: hashSchema,
  gate_digest: hashSchema,
  evidence_root: hashSchema,
  trace_seq: z.int().min(0),
  trace_hash: hashSchema,
  fence: z.record(sliceSchema, z.int().min(1)),
  /** There where the numbers count for the whole team; without it they are the mission's own. */
  fence_scope: z.literal("team").exactOptional(),
});

export type TicketClaims = z.output<typeof ticketClaimsSchema>;
