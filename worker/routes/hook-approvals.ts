/**
 * What another system hands in at a hook: an approval that a person signed there. The message's signature opens
 * the door and no more; the person's own signature decides, by the same command and the same checks as when they
 * come themselves. Every way in which a message is not one of the hook has one answer; which it was goes to the
 * log only. Specification: Standard Webhooks 1.0.0, docs/webhooks.md.
 */
import type { Context } from "hono";
import * as z from "zod";
import { sha256Hex } from "../../shared/crypto.ts";
import { parseJws } from "../../shared/jws.ts";
import { LIMITS } from "../../shared/limits.ts";
import { subjectSchema } from "../../shared/plan/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { JsonValue } from "../../shared/strict-json.ts";
import { verifyWebhook } from "../../shared/webhook/index.ts";
import { approvalAnswerSchema } from "../../shared/wire/api.ts";
import { hookApprovalSchema } from "../../shared/wire/hook-views.ts";
import type { Problem } from "../../shared/wire/problem.ts";
import { answerApproval } from "../approval-answer.ts";
import { parseBodyText, readBodyText } from "../body.ts";
import { defineRoute } from "../contract.ts";
import { openHookAddress } from "../hook-address.ts";
import { log } from "../log.ts";
import { teamStub } from "../missions.ts";
import { orUnavailable, problemResponse } from "../problems.ts";
import { NODE_REFUSALS, STATEMENT_REFUSALS } from "../refusals.ts";
import { createRouter, type AppContext } from "../router.ts";
import { verifiersOf } from "../webhook-keys.ts";

const approvalRoute = defineRoute({
  method: "post",
  path: "/v1/hooks/approvals/{endpointId}",
  tag: "hooks",
  summary: "Hands in an approval or denial that a person signed elsewhere",
  description:
    "The signature of the message lets it in; the person's own signature in `statement` is what counts.",
  audience: "signed",
  params: z.object({ endpointId: z.string() }),
  body: hookApprovalSchema,
  etag: true,
  answers: {
    200: {
      description: "Enough approvals and the gate allows, or a denial recorded.",
      schema: approvalAnswerSchema,
    },
    202: { description: "Recorded; the gate still waits.", schema: approvalAnswerSchema },
  },
  problems: [
    "hook_signature_invalid",
    "idempotency_key_reused",
    ...NODE_REFUSALS,
    "approval_not_requested",
    ...STATEMENT_REFUSALS,
    "approval_digest_stale",
    "approval_already_given",
    "gate_blocked",
    "gate_sealed",
  ],
});

const REFUSED: Problem = { code: "hook_signature_invalid" };

/** A message that verified: whose it is, what it is called, and its body as it was signed. */
interface Verified {
  readonly team: string;
  readonly hookId: string;
  readonly messageId: string;
  readonly text: string;
}

export const hookApprovalRoutes = createRouter();

/**
 * 1 the message verified, 2 read, 3 taken in the team's object under its id, 4 the mission's own turn under the
 * same id. A crash after 3 leaves a message that may come again with the same body, and nothing else.
 */
hookApprovalRoutes.openapi(approvalRoute, async (c) => {
  const verified = await verifyMessage(c, c.req.valid("param").endpointId);
  if (!verified.ok) return problemResponse(c, verified.error);
  const { team, hookId, messageId, text } = verified.value;
  const read = parseBodyText(text, hookApprovalSchema);
  if (!read.ok) return problemResponse(c, read.error);
  const { missionId, nodeId, ...body } = read.value.value;
  const approver = claimedApprover(body.statement);
  if (approver === null) return problemResponse(c, { code: "approval_signature_invalid" });
  const bodyHash = sha256Hex(text);
  const message = { hookId, messageId, bodyHash, at: Date.now() };
  const admitted = await teamStub(c.env, team).admitHookMessage(message);
  if (!admitted.ok) {
    const { reason } = admitted.error;
    if (reason !== "hook_closed") return problemResponse(c, { code: reason });
    return problemResponse(c, refuse(c, "the hook was closed meanwhile").error);
  }
  // In the name of whom the statement names, with no role: it must verify with that person's keys.
  c.set("principal", { sub: approver, team, roles: [] });
  // No caller's key begins with a slash, so a message's id is never taken for one.
  const idempotency = { key: `/${hookId}/${messageId}`, requestHash: bodyHash };
  return answerApproval(c, { missionId, nodeId, body, idempotency, ifMatch: null });
});

async function verifyMessage(
  c: Context<AppContext>,
  hookId: string,
): Promise<Result<Verified, Problem>> {
  const text = await readBodyText(c, LIMITS.hookBodyBytesMax);
  if (!text.ok) return text;
  const team = await openHookAddress(c.env, hookId);
  if (team === null) return refuse(c, "no address of ours");
  const hook = await orUnavailable("the team", teamStub(c.env, team).hook(hookId));
  if (hook === null || hook.disabledAt !== null) return refuse(c, "no open hook");
  const headers = {
    id: c.req.header("webhook-id") ?? "",
    timestamp: c.req.header("webhook-timestamp") ?? "",
    signature: c.req.header("webhook-signature") ?? "",
  };
  const nowMs = Date.now();
  const verifiers = await verifiersOf(c.env, team, hook, nowMs);
  const verified = verifyWebhook(headers, text.value, verifiers, nowMs);
  if (!verified.ok) return refuse(c, verified.error.reason);
  return ok({ team, hookId, messageId: verified.value.id, text: text.value });
}

function refuse(c: Context<AppContext>, cause: string) {
  log("info", "hook.refused", { requestId: c.get("requestId"), cause });
  return err(REFUSED);
}

/** Who a statement says signed it. Nothing is verified here; null where it names nobody. */
function claimedApprover(statement: JsonValue): string | null {
  const parsed = typeof statement === "string" ? parseJws(statement) : null;
  const claims: unknown = parsed === null ? statement : parsed.ok ? parsed.value.payload : null;
  const named = z.object({ approver: subjectSchema }).safeParse(claims);
  return named.success ? named.data.approver : null;
}
