/**
 * The bodies of the routes over a team's approvers: people, their keys and passkeys, their hours, and the
 * audit trail of the directory. Requests are strict; an answer's schema is checked against its type.
 * Specification: docs/approvals.md, docs/api.md.
 */
import * as z from "zod";
import { approvalHoursSchema, type ApproverFacts } from "../approval/index.ts";
import { nameSchema } from "../plan/index.ts";
import type { DirectoryChange } from "../team/index.ts";
import { directoryIdSchema, jsonObjectSchema, publicJwkSchema } from "./api.ts";
import type { DelegationRecord, PasskeyOptions } from "./rpc.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const base64UrlSchema = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^[A-Za-z0-9_-]+$/, "must be base64url without padding");
const displayNameSchema = z.string().min(1).max(256);
const groupsSchema = z.array(nameSchema).max(64);
/** Public JWKs, Ed25519 or P-256; checked point by point on arrival. */
const keysSchema = z.array(jsonObjectSchema).max(16);

/** A person as an admin puts them; passkeys are registered by themselves and stay. */
export const putApproverSchema = z.strictObject({
  id: directoryIdSchema,
  name: displayNameSchema,
  groups: groupsSchema.default([]),
  keys: keysSchema,
  validFrom: momentSchema.nullable().default(null),
  validUntil: momentSchema.nullable().default(null),
  hours: approvalHoursSchema.exactOptional(),
  breakGlass: z.literal(true).exactOptional(),
});

/** A member left out stays as it is. */
export const patchApproverSchema = z
  .strictObject({
    name: displayNameSchema.exactOptional(),
    groups: groupsSchema.exactOptional(),
    validFrom: momentSchema.nullable().exactOptional(),
    validUntil: momentSchema.nullable().exactOptional(),
    /** null: at any time. */
    hours: approvalHoursSchema.nullable().exactOptional(),
    breakGlass: z.boolean().exactOptional(),
    addKeys: keysSchema.exactOptional(),
    removeKeys: z.array(z.string().min(1).max(64)).max(16).exactOptional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, "changes nothing");

export const approverSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  groups: z.array(z.string()),
  keys: z.array(
    z.strictObject({
      kid: z.string(),
      jwk: publicJwkSchema,
      passkey: z.strictObject({ credentialId: z.string() }).exactOptional(),
    }),
  ),
  validFrom: momentSchema.nullable(),
  validUntil: momentSchema.nullable(),
  hours: approvalHoursSchema.exactOptional(),
  breakGlass: z.literal(true).exactOptional(),
}) satisfies z.ZodType<ApproverFacts>;

/** What a browser's `navigator.credentials.create` takes, as JSON. */
export const passkeyOptionsSchema = z.strictObject({
  rp: z.strictObject({ id: z.string(), name: z.string() }),
  user: z.strictObject({ id: z.string(), name: z.string(), displayName: z.string() }),
  challenge: z.string(),
  pubKeyCredParams: z.array(z.strictObject({ type: z.literal("public-key"), alg: z.int() })),
  timeout: z.int(),
  excludeCredentials: z.array(z.strictObject({ type: z.literal("public-key"), id: z.string() })),
  authenticatorSelection: z.strictObject({
    residentKey: z.literal("preferred"),
    userVerification: z.literal("required"),
  }),
  attestation: z.literal("none"),
}) satisfies z.ZodType<PasskeyOptions>;

/** What every answer of an authenticator holds beside `response`; none of it is signed, so none is believed. */
const credentialShape = {
  id: base64UrlSchema,
  rawId: base64UrlSchema,
  type: z.literal("public-key"),
  authenticatorAttachment: z.string().max(64).nullable().exactOptional(),
  clientExtensionResults: jsonObjectSchema.default({}),
};

/** `RegistrationResponseJSON`, as a browser's `toJSON()` gives it. */
export const addPasskeySchema = z.strictObject({
  ...credentialShape,
  response: z.strictObject({
    clientDataJSON: base64UrlSchema,
    authenticatorData: base64UrlSchema,
    attestationObject: z.string().max(16_384).exactOptional(),
    transports: z.array(z.string().max(64)).max(16).exactOptional(),
    publicKey: z.string().max(4_096).exactOptional(),
    publicKeyAlgorithm: z.int().exactOptional(),
  }),
});

/** `AuthenticationResponseJSON`, as a browser's `toJSON()` gives it. */
const assertionSchema = z.strictObject({
  ...credentialShape,
  response: z.strictObject({
    clientDataJSON: base64UrlSchema,
    authenticatorData: base64UrlSchema,
    signature: base64UrlSchema,
    userHandle: z.string().max(256).nullable().exactOptional(),
  }),
});

/** A signed statement: a compact JWS, or the statement in the clear with a passkey's assertion over it. */
export const decideApprovalSchema = z
  .strictObject({
    statement: z.union([z.string().min(1).max(16_384), jsonObjectSchema]),
    assertion: assertionSchema.exactOptional(),
  })
  .refine(({ statement, assertion }) => (typeof statement === "string") === !assertion, {
    error: "goes with a statement that is an object, and only with that",
    path: ["assertion"],
  });

/** A delegation that the caller signed; docs/approvals.md, "Delegation". */
export const addDelegationSchema = z.strictObject({ statement: z.string().min(1).max(16_384) });

export const delegationSchema = z.strictObject({
  id: z.string(),
  delegator: z.string(),
  delegate: z.string(),
  groups: z.array(z.string()).exactOptional(),
  missions: z.array(z.string()).exactOptional(),
  riskMax: z.int().exactOptional(),
  issuedAt: momentSchema,
  expiresAt: momentSchema,
  reason: z.string(),
  statement: z.string(),
  revoked: z.strictObject({ by: z.string(), at: momentSchema }).nullable(),
}) satisfies z.ZodType<DelegationRecord>;

export const directoryChangeSchema = z.strictObject({
  number: z.int(),
  at: momentSchema,
  by: z.string(),
  kind: z.enum(["agent", "approver", "delegation", "grant", "verifier", "zone"]),
  subject: z.string(),
  before: z.json(),
  after: z.json(),
}) satisfies z.ZodType<DirectoryChange>;
