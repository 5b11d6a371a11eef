/**
 * The bodies of evidence and verifiers on the wire: a stored bundle with its verification, and the
 * verifiers of a team. Specification: docs/evidence.md.
 */
import * as z from "zod";
import type { VerifierFacts } from "../evidence/index.ts";
import type { StoredEvidence } from "../mission/index.ts";
import { nameSchema, subjectSchema } from "../plan/index.ts";
import { TEAM_LIMITS } from "../team/index.ts";
import { publicJwkSchema } from "./api.ts";
import { verificationSummarySchema } from "./views.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const putVerifierSchema = z.strictObject({
  id: subjectSchema,
  family: nameSchema,
  /** Public JWKs, Ed25519 or P-256; checked point by point on arrival. */
  keys: z.array(z.record(z.string(), z.json())).min(1).max(TEAM_LIMITS.keysPerApproverMax),
});

export const verifierSchema = z.strictObject({
  id: z.string(),
  family: z.string(),
  keys: z.array(z.strictObject({ kid: z.string(), jwk: publicJwkSchema })),
}) satisfies z.ZodType<VerifierFacts>;

const storedSourceSchema = z.strictObject({
  identifier: z.string(),
  kind: z.enum(["primary", "secondary"]),
  title: z.string(),
  authors: z.array(z.string()),
  year: z.int().exactOptional(),
  retrievedAt: momentSchema.exactOptional(),
  quoteHash: hashSchema.exactOptional(),
});

/** A bundle as the trace holds it: nothing is left out, so the reader can take its hash again. */
const storedBundleSchema = z.strictObject({
  id: z.string(),
  kind: z.string(),
  producedBy: z.string(),
  claims: z.array(
    z.strictObject({
      id: z.string(),
      subject: z.string(),
      predicate: z.string(),
      value: z.json(),
      statement: z.string(),
      confidence: z.number(),
      sources: z.array(storedSourceSchema),
    }),
  ),
  receipts: z.array(z.string()),
  expiresAt: momentSchema.nullable(),
  hash: hashSchema,
});

export const storedEvidenceSchema = z.strictObject({
  bundle: storedBundleSchema,
  nodeId: z.string().nullable(),
  seq: z.int(),
  at: momentSchema,
  verification: z
    .strictObject({
      facts: z.strictObject({
        producerFamily: z.string().nullable(),
        verifiers: z.array(verifierSchema),
      }),
      outcome: verificationSummarySchema,
    })
    .nullable(),
}) satisfies z.ZodType<Omit<StoredEvidence, "bundle">>;
