/**
 * The bodies of the routes over hooks, at which other systems hand in approvals. Requests are strict; an
 * answer's schema is checked against its type. Specification: docs/api.md, docs/webhooks.md.
 */
import * as z from "zod";
import { MISSION_ID, NODE_ID } from "../ids.ts";
import { SIGNATURE_KINDS } from "../webhook/index.ts";
import { decideApprovalSchema } from "./directory.ts";
import type { HookEndpoint } from "./rpc.ts";
import { keySchema, overlapSchema } from "./webhook-views.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const signatureSchema = z.enum(SIGNATURE_KINDS);
/** `whpk_` and the base64 of a 32-byte Ed25519 public key; which keys are sound is decided when it is read. */
const publicKeySchema = z.string().regex(/^whpk_[A-Za-z0-9+/]{43}=$/);

export const addHookSchema = z
  .strictObject({
    title: z.string().min(1).max(200),
    signature: signatureSchema.default("v1"),
    publicKey: publicKeySchema.exactOptional(),
  })
  .refine(({ signature, publicKey }) => (signature === "v1a") === (publicKey !== undefined), {
    path: ["publicKey"],
    message: "the sender's public key, with v1a and only then",
  });

export const rotateHookSchema = z.strictObject({
  overlapSeconds: overlapSchema,
  /** Of a `v1a` hook, and only there. */
  publicKey: publicKeySchema.exactOptional(),
});

/** A hook as listed; `url` is where the other system posts to. */
export const hookSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  signature: signatureSchema,
  url: z.string(),
  createdAt: momentSchema,
  disabledAt: momentSchema.nullable(),
  keys: z.array(keySchema),
}) satisfies z.ZodType<Omit<HookEndpoint, "keys">>;

/** `secret` (`whsec_…`) is there with `v1`, and in this answer alone. */
export const newHookSchema = hookSchema.extend({ secret: z.string().exactOptional() });

/** What another system hands in: whose node, and what the approver signed for it. */
export const hookApprovalSchema = decideApprovalSchema.safeExtend({
  missionId: z.string().regex(MISSION_ID),
  nodeId: z.string().regex(NODE_ID),
});
