/**
 * Evidence bundles: content-addressed claims with their sources (docs/evidence.md).
 *
 * Says what a bundle is and how its hash is made; whether it is enough for a node is
 * `completeness.ts`'s question. Verifier receipts are carried here and checked in receipt.ts.
 */
import * as z from "zod";
import { hashJson } from "../canonical.ts";
import { evidenceId } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { nameSchema } from "../plan/index.ts";

const textSchema = z.string().min(1).max(LIMITS.reasonTextCharsMax);

const sourceSchema = z.strictObject({
  identifier: z
    .string()
    .max(512)
    .regex(
      /^(doi:|arxiv:|https:\/\/|sha256:)\S+$/,
      "must start with doi:, arxiv:, https:// or sha256:",
    ),
  kind: z.enum(["primary", "secondary"]),
  title: textSchema,
  authors: z.array(z.string().min(1).max(256)).max(64).default([]),
  year: z.int().min(1000).max(9999).optional(),
  retrievedAt: z.iso.datetime({ precision: 3 }).optional(),
  quoteHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

export const claimSchema = z.strictObject({
  id: nameSchema,
  subject: textSchema,
  predicate: textSchema,
  value: z.json(),
  statement: textSchema,
  confidence: z.number().min(0).max(1),
  sources: z.array(sourceSchema).max(LIMITS.sourcesPerClaimMax),
});

const REPEATED = "the id of a claim is there twice";

/** What a client submits; `hash` and `id` are computed here, `producedBy` is the caller. */
export const evidenceInputSchema = z.strictObject({
  kind: nameSchema,
  claims: z
    .array(claimSchema)
    .min(1)
    .max(LIMITS.claimsPerBundleMax)
    // A receipt names the claim it is about by its id: of two claims it would bear out both.
    .refine((claims) => new Set(claims.map(({ id }) => id)).size === claims.length, REPEATED),
  receipts: z.array(z.string().max(8192)).max(64).default([]),
  expiresAt: z.iso.datetime({ precision: 3 }).optional(),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

export type EvidenceClaim = z.output<typeof claimSchema>;
export type EvidenceInput = z.output<typeof evidenceInputSchema>;

/** A bundle as the trace stores it. `hash` covers every other member but `id`. */
export interface EvidenceBundle {
  readonly id: string;
  readonly kind: string;
  readonly producedBy: string;
  readonly claims: readonly EvidenceClaim[];
  readonly receipts: readonly string[];
  readonly expiresAt: string | null;
  readonly hash: string;
}

/** The content a bundle's hash is taken over. */
export function evidenceHash(bundle: Omit<EvidenceBundle, "id" | "hash">): string {
  const { kind, producedBy, claims, receipts, expiresAt } = bundle;
  return hashJson({ kind, producedBy, claims, receipts, expiresAt });
}

/** Completes a submitted bundle with its producer, hash and id. */
export function createEvidenceBundle(input: EvidenceInput, producedBy: string): EvidenceBundle {
  const content = {
    kind: input.kind,
    producedBy,
    claims: input.claims,
    receipts: input.receipts,
    expiresAt: input.expiresAt ?? null,
  };
  const hash = evidenceHash(content);
  return { id: evidenceId(hash), ...content, hash };
}
