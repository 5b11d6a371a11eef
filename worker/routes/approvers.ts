/**
 * The team's approvers: people with their keys, passkeys, groups and hours, and the trail of who changed
 * what of the directory. An admin says which keys are a person's; the person makes the passkey.
 */
import * as z from "zod";
import { base64UrlEncode } from "../../shared/crypto.ts";
import { LIMITS } from "../../shared/limits.ts";
import { subjectSchema } from "../../shared/plan/index.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import {
  addPasskeySchema,
  approverSchema,
  directoryChangeSchema,
  passkeyOptionsSchema,
  patchApproverSchema,
  putApproverSchema,
} from "../../shared/wire/directory.ts";
import type { ProblemCode } from "../../shared/wire/problem.ts";
import { hasRole } from "../auth.ts";
import { defineRoute } from "../contract.ts";
import { CURSOR_CHARS_MAX, CURSOR_REFUSED, decodeCursor, encodeCursor } from "../cursor.ts";
import { parsePost, readIdempotency } from "../idempotency.ts";
import { readPublicKeys } from "../keys-in-body.ts";
import { teamStub } from "../missions.ts";
import { relyingPartyOf } from "../passkeys.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const personParams = z.object({ id: subjectSchema });

/** What any new key of a person may be refused for. */
const KEY_PROBLEMS: readonly ProblemCode[] = [
  "approver_not_permitted",
  "key_malformed",
  "key_low_order",
  "key_non_canonical",
  "key_has_private_part",
  "key_in_use",
];

const listRoute = defineRoute({
  method: "get",
  path: "/v1/approvers",
  tag: "directory",
  summary: "The team's approvers and their public keys",
  audience: ["admin"],
  answers: { 200: { description: "All of them.", schema: pageSchema(approverSchema) } },
});

const putRoute = defineRoute({
  method: "post",
  path: "/v1/approvers",
  tag: "directory",
  summary: "Adds an approver, or replaces what is known of the person, signing keys included",
  description: "Passkeys stay: the person registers them, and PATCH removes them.",
  audience: ["admin"],
  body: putApproverSchema,
  answers: {
    200: {
      description: "As stored; each key's kid is its RFC 7638 thumbprint.",
      schema: approverSchema,
    },
  },
  problems: [...KEY_PROBLEMS, "directory_full"],
});

const readRoute = defineRoute({
  method: "get",
  path: "/v1/approvers/{id}",
  tag: "directory",
  summary: "One approver: by an admin, or the person by themselves",
  description: "A client that asks for a passkey names the person's credentials from here.",
  audience: ["admin", "approver"],
  params: personParams,
  answers: { 200: { description: "The person as stored.", schema: approverSchema } },
  problems: ["approver_not_found", "approver_not_permitted"],
});

const patchRoute = defineRoute({
  method: "patch",
  path: "/v1/approvers/{id}",
  tag: "directory",
  summary: "Changes what is named of an approver: keys rotated, groups, hours, validity",
  description:
    "What they approved at gates that are still open counts as long as person, key and groups are still there when the gate decides.",
  audience: ["admin"],
  params: personParams,
  body: patchApproverSchema,
  answers: { 200: { description: "As stored.", schema: approverSchema } },
  problems: [...KEY_PROBLEMS, "approver_not_found"],
});

const removeRoute = defineRoute({
  method: "delete",
  path: "/v1/approvers/{id}",
  tag: "directory",
  summary: "Removes an approver",
  description: "Their keys are never given to anybody else.",
  audience: ["admin"],
  params: personParams,
  answers: { 200: { description: "As they were.", schema: approverSchema } },
  problems: ["approver_not_found"],
});

const optionsRoute = defineRoute({
  method: "post",
  path: "/v1/approvers/{id}/passkeys/options",
  tag: "directory",
  summary: "Opens the registration of a passkey for a person",
  description: "Good once and for five minutes; opening another one ends it.",
  audience: ["admin"],
  params: personParams,
  body: z.strictObject({}),
  bodyOptional: true,
  answers: {
    200: { description: "What the person's browser is asked.", schema: passkeyOptionsSchema },
  },
  problems: ["approver_unknown"],
});

const addPasskeyRoute = defineRoute({
  method: "post",
  path: "/v1/approvers/{id}/passkeys",
  tag: "directory",
  summary: "Registers the passkey that the person made for the open registration",
  description: "By an admin, or by the person in their own name.",
  audience: ["admin", "approver"],
  params: personParams,
  body: addPasskeySchema,
  answers: { 200: { description: "The person as stored.", schema: approverSchema } },
  problems: ["approver_unknown", "approver_not_permitted", "passkey_refused", "key_in_use"],
});

const changesRoute = defineRoute({
  method: "get",
  path: "/v1/directory/changes",
  tag: "directory",
  summary: "Who changed what of the directory, and when, oldest first",
  audience: ["admin", "auditor"],
  query: z.strictObject({
    cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
    limit: z.coerce.number().int().min(1).max(LIMITS.listPageMax).default(50),
  }),
  answers: { 200: { description: "One page.", schema: pageSchema(directoryChangeSchema) } },
});

export const approverRoutes = createRouter();

approverRoutes.openapi(listRoute, async (c) => {
  const items = await teamStub(c.env, c.get("principal").team).approvers();
  return c.json({ items, nextCursor: null }, 200);
});

approverRoutes.openapi(putRoute, async (c) => {
  const post = await parsePost(c, putApproverSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const keys = readPublicKeys(body.keys);
  if (!keys.ok) return problemResponse(c, keys.error);
  const { team, sub: by } = c.get("principal");
  const approver = { ...body, keys: keys.value };
  const put = await teamStub(c.env, team).putApprover({
    approver,
    by,
    idempotency,
    at: Date.now(),
  });
  return put.ok ? c.json(put.value, 200) : rejectionResponse(c, put.error);
});

approverRoutes.openapi(readRoute, async (c) => {
  const principal = c.get("principal");
  const { id } = c.req.valid("param");
  if (!hasRole(principal, ["admin"]) && principal.sub !== id)
    return rejectionResponse(c, {
      reason: "approver_not_permitted",
      detail: "a person reads what is known of themselves, an admin of everybody",
    });
  const person = await teamStub(c.env, principal.team).approverFacts(id);
  return person === null
    ? rejectionResponse(c, { reason: "approver_not_found", approver: id })
    : c.json(person, 200);
});

approverRoutes.openapi(patchRoute, async (c) => {
  const post = await parsePost(c, patchApproverSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body: changes, idempotency } = post.value;
  const added = readPublicKeys(changes.addKeys ?? [], "/addKeys");
  if (!added.ok) return problemResponse(c, added.error);
  const { team, sub: by } = c.get("principal");
  const { id } = c.req.valid("param");
  const request = { id, changes, by, idempotency, at: Date.now() };
  const changed = await teamStub(c.env, team).patchApprover(request);
  return changed.ok ? c.json(changed.value, 200) : rejectionResponse(c, changed.error);
});

approverRoutes.openapi(removeRoute, async (c) => {
  const idempotency = readIdempotency(c, null);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const { team, sub: by } = c.get("principal");
  const { id } = c.req.valid("param");
  const request = { id, by, idempotency: idempotency.value, at: Date.now() };
  const removed = await teamStub(c.env, team).removeApprover(request);
  return removed.ok ? c.json(removed.value, 200) : rejectionResponse(c, removed.error);
});

approverRoutes.openapi(optionsRoute, async (c) => {
  const idempotency = readIdempotency(c, {});
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const opened = await teamStub(c.env, c.get("principal").team).passkeyOptions({
    approver: c.req.valid("param").id,
    challenge: base64UrlEncode(crypto.getRandomValues(new Uint8Array(32))),
    relyingParty: relyingPartyOf(c.env),
    idempotency: idempotency.value,
    at: Date.now(),
  });
  return opened.ok ? c.json(opened.value, 200) : rejectionResponse(c, opened.error);
});

approverRoutes.openapi(addPasskeyRoute, async (c) => {
  const post = await parsePost(c, addPasskeySchema);
  if (!post.ok) return problemResponse(c, post.error);
  const principal = c.get("principal");
  const { id } = c.req.valid("param");
  if (!hasRole(principal, ["admin"]) && principal.sub !== id)
    return rejectionResponse(c, {
      reason: "approver_not_permitted",
      detail: "a person registers their own passkey, or an admin does",
    });
  const { clientDataJSON, authenticatorData } = post.value.body.response;
  const added = await teamStub(c.env, principal.team).addPasskey({
    approver: id,
    registration: { clientDataJSON, authenticatorData },
    relyingParty: relyingPartyOf(c.env),
    by: principal.sub,
    idempotency: post.value.idempotency,
    at: Date.now(),
  });
  return added.ok ? c.json(added.value, 200) : rejectionResponse(c, added.error);
});

approverRoutes.openapi(changesRoute, async (c) => {
  const { cursor, limit } = c.req.valid("query");
  const { team } = c.get("principal");
  const place = cursor === undefined ? [] : decodeCursor(team, cursor, 1);
  if (place === null) return problemResponse(c, CURSOR_REFUSED);
  const after = Number(place[0] ?? 0);
  const rows = await teamStub(c.env, team).directoryChanges(after, limit + 1);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  const nextCursor = last === undefined ? null : encodeCursor(team, [String(last.number)]);
  return c.json({ items, nextCursor }, 200);
});
