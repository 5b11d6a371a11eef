/**
 * Delegations: a person hands in their own signed word that somebody else may fill their seat for a while.
 * Nobody hands in another's. Specification: docs/approvals.md, "Delegation".
 */
import * as z from "zod";
import { DELEGATION_ID } from "../../shared/ids.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import { addDelegationSchema, delegationSchema } from "../../shared/wire/directory.ts";
import { hasRole } from "../auth.ts";
import { defineRoute } from "../contract.ts";
import { parsePost, readIdempotency } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const listRoute = defineRoute({
  method: "get",
  path: "/v1/delegations",
  tag: "directory",
  summary: "Delegations: an approver's own, given and received, or the team's",
  description: "Admins and auditors see all of them, those that have ended or were revoked too.",
  audience: ["approver", "admin", "auditor"],
  answers: {
    200: { description: "The longest-lived first.", schema: pageSchema(delegationSchema) },
  },
});

const addRoute = defineRoute({
  method: "post",
  path: "/v1/delegations",
  tag: "directory",
  summary: "Registers a delegation that the caller signed",
  description:
    "For 30 days at most; it gives what the delegator has at the moment of use, or less.",
  audience: ["approver"],
  body: addDelegationSchema,
  answers: { 201: { description: "As registered.", schema: delegationSchema } },
  problems: [
    "approver_unknown",
    "approval_signature_invalid",
    "approval_statement_malformed",
    "delegation_not_permitted",
    "directory_full",
  ],
});

const revokeRoute = defineRoute({
  method: "delete",
  path: "/v1/delegations/{id}",
  tag: "directory",
  summary: "Revokes a delegation, by its delegator or an admin",
  description: "What was approved under it at gates that are still open counts no more.",
  audience: ["approver", "admin"],
  params: z.object({ id: z.string().regex(DELEGATION_ID) }),
  answers: { 200: { description: "Revoked, now or before.", schema: delegationSchema } },
  problems: ["delegation_unknown", "delegation_not_permitted"],
});

export const delegationRoutes = createRouter();

delegationRoutes.openapi(listRoute, async (c) => {
  const principal = c.get("principal");
  const all = await teamStub(c.env, principal.team).delegations();
  const own = ({ delegator, delegate }: (typeof all)[number]) =>
    delegator === principal.sub || delegate === principal.sub;
  const items = hasRole(principal, ["admin", "auditor"]) ? all : all.filter(own);
  return c.json({ items: [...items], nextCursor: null }, 200);
});

delegationRoutes.openapi(addRoute, async (c) => {
  const post = await parsePost(c, addDelegationSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const { team, sub: by } = c.get("principal");
  const request = { ...body, by, idempotency, at: Date.now() };
  const added = await teamStub(c.env, team).addDelegation(request);
  return added.ok ? c.json(added.value, 201) : rejectionResponse(c, added.error);
});

delegationRoutes.openapi(revokeRoute, async (c) => {
  const idempotency = readIdempotency(c, null);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const principal = c.get("principal");
  const revoked = await teamStub(c.env, principal.team).revokeDelegation({
    id: c.req.valid("param").id,
    by: principal.sub,
    isAdmin: hasRole(principal, ["admin"]),
    idempotency: idempotency.value,
    at: Date.now(),
  });
  return revoked.ok ? c.json(revoked.value, 200) : rejectionResponse(c, revoked.error);
});
