/**
 * What the routes of the transparency logs take and answer, as JSON. Hashes are lower-case hex; the signed
 * notes inside are verbatim. Specification: docs/transparency.md.
 */
import * as z from "zod";
import { MISSION_ID } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import type { LogConsistency, LogHead, LogInclusion, TeamLogEntry } from "../log/index.ts";

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const countSchema = z.int().min(0);
const momentSchema = z.string();

const countQuery = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const headShape = z.strictObject({
  size: countSchema,
  root: hashSchema,
}) satisfies z.ZodType<LogHead>;

/** What is signed beside what it says: `checkpoint` is the note, `vkey` what it verifies with. */
const signedShape = { origin: z.string(), checkpoint: z.string(), vkey: z.string() };

export const checkpointSchema = headShape.extend({
  ...signedShape,
  at: momentSchema.nullable().optional(),
});

const inclusionShape = headShape.extend({
  index: countSchema,
  leafHash: hashSchema,
  proof: z.array(hashSchema).readonly(),
}) satisfies z.ZodType<LogInclusion>;
export const inclusionSchema = inclusionShape.extend(signedShape);

const consistencyShape = z.strictObject({
  from: countSchema,
  to: countSchema,
  fromRoot: hashSchema,
  toRoot: hashSchema,
  proof: z.array(hashSchema).readonly(),
}) satisfies z.ZodType<LogConsistency>;
export const consistencySchema = consistencyShape.extend(signedShape);

export const logEntrySchema = headShape.extend({
  index: countSchema,
  missionId: z.string(),
  at: momentSchema,
}) satisfies z.ZodType<TeamLogEntry>;

/** What an auditor pins. */
export const logKeySchema = z.strictObject({
  vkey: z.string(),
  origins: z.strictObject({ mission: z.string(), team: z.string() }),
});

export const checkpointQuery = z.strictObject({ size: countQuery.optional() });
export const inclusionQuery = z.strictObject({ seq: countQuery, size: countQuery.optional() });
export const consistencyQuery = z.strictObject({ from: countQuery, to: countQuery.optional() });

/** One of the two: a place, or a mission for its newest entry. */
export const teamInclusionQuery = z
  .strictObject({
    index: countQuery.optional(),
    mission: z.string().regex(MISSION_ID).optional(),
    size: countQuery.optional(),
  })
  .refine(({ index, mission }) => (index === undefined) !== (mission === undefined), {
    message: "give either index or mission",
  });

export const logEntriesQuery = z.strictObject({
  after: z.coerce.number().int().min(-1).default(-1),
  limit: z.coerce.number().int().min(1).max(LIMITS.listPageMax).default(LIMITS.listPageMax),
});
