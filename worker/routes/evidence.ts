/**
 * Evidence by its hash, as the mission's journal holds it, and the team's verifiers, whose receipts
 * evidence may carry.
 */
import * as z from "zod";
import { MISSION_ID } from "../../shared/ids.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import {
  putVerifierSchema,
  storedEvidenceSchema,
  verifierSchema,
} from "../../shared/wire/evidence.ts";
import { defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
import { readPublicKeys } from "../keys-in-body.ts";
import { missionStub, teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const readRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/evidence/{hash}",
  tag: "trace",
  summary: "An evidence bundle, whole, by its hash",
  description:
    "As the trace holds it, with what its receipts came to and the keys they were checked with.",
  audience: ["auditor", "approver", "operator", "agent"],
  params: z.object({
    id: z.string().regex(MISSION_ID),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  answers: { 200: { description: "The bundle.", schema: storedEvidenceSchema } },
  problems: ["mission_unknown", "evidence_unknown"],
});

const listVerifiersRoute = defineRoute({
  method: "get",
  path: "/v1/verifiers",
  tag: "directory",
  summary: "The team's verifiers and their public keys",
  audience: ["admin"],
  answers: { 200: { description: "All of them.", schema: pageSchema(verifierSchema) } },
});

const putVerifierRoute = defineRoute({
  method: "post",
  path: "/v1/verifiers",
  tag: "directory",
  summary: "Adds a verifier, or replaces what is known of it, keys included",
  audience: ["admin"],
  body: putVerifierSchema,
  answers: {
    200: {
      description: "As stored; each key's kid is its RFC 7638 thumbprint.",
      schema: verifierSchema,
    },
  },
  problems: [
    "verifier_not_permitted",
    "key_malformed",
    "key_low_order",
    "key_non_canonical",
    "key_has_private_part",
    "key_in_use",
    "directory_full",
  ],
});

export const evidenceRoutes = createRouter();

evidenceRoutes.openapi(readRoute, async (c) => {
  const { id, hash } = c.req.valid("param");
  const { team } = c.get("principal");
  const stored = await missionStub(c.env, team, id).evidence(team, hash);
  return stored.ok ? c.json(stored.value, 200) : rejectionResponse(c, stored.error);
});

evidenceRoutes.openapi(listVerifiersRoute, async (c) => {
  const items = await teamStub(c.env, c.get("principal").team).verifiers();
  return c.json({ items, nextCursor: null }, 200);
});

evidenceRoutes.openapi(putVerifierRoute, async (c) => {
  const post = await parsePost(c, putVerifierSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const keys = readPublicKeys(body.keys);
  if (!keys.ok) return problemResponse(c, keys.error);
  const { team, sub: by } = c.get("principal");
  const request = { by, verifier: { ...body, keys: keys.value }, idempotency, at: Date.now() };
  const verifier = await teamStub(c.env, team).putVerifier(request);
  return verifier.ok ? c.json(verifier.value, 200) : rejectionResponse(c, verifier.error);
});
