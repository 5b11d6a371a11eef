/**
 * A team's hooks: adding, rotating, enabling, removing, and taking a message once, inside the caller's
 * transaction. Refuses to verify a signature: the worker does, with keys that are not here.
 */
import { LIMITS } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { firstKey, rotateKeys } from "../../shared/webhook/index.ts";
import type { HookEndpoint, TeamRejection, TeamRequest, TeamRpc } from "../../shared/wire/rpc.ts";
import { refuseWhenFull } from "./capacity.ts";
import { writeEndpointKeys } from "./endpoint-key-store.ts";
import {
  deleteHook,
  insertHook,
  insertMessage,
  readHook,
  readMessageHash,
  writeHookDisabled,
} from "./hook-store.ts";

type Refusable = Result<HookEndpoint, TeamRejection>;

export function addHook(
  sql: SqlStorage,
  { id, title, signature, root, publicKey, at }: TeamRequest<"addHook">,
): Refusable {
  const full = refuseWhenFull(sql, "hook");
  if (full) return err(full);
  const keys = [firstKey({ root, publicKey }, at)];
  const hook = { id, title, signature, createdAt: unixMsToIso(at), disabledAt: null, keys };
  insertHook(sql, hook);
  return ok(hook);
}

export function rotateHook(
  sql: SqlStorage,
  { id, root, publicKey, overlapMs, at }: TeamRequest<"rotateHook">,
): Refusable {
  const hook = readHook(sql, id);
  if (hook === null) return err({ reason: "hook_unknown", id });
  const keys = rotateKeys(hook.keys, { root, publicKey }, at, overlapMs);
  writeEndpointKeys(sql, id, keys);
  return ok({ ...hook, keys });
}

export function setHookStatus(
  sql: SqlStorage,
  { id, status, at }: TeamRequest<"setHookStatus">,
): Refusable {
  const hook = readHook(sql, id);
  if (hook === null) return err({ reason: "hook_unknown", id });
  if ((hook.disabledAt === null) === (status === "enabled")) return ok(hook);
  const disabledAt = status === "enabled" ? null : unixMsToIso(at);
  writeHookDisabled(sql, id, disabledAt);
  return ok({ ...hook, disabledAt });
}

export function removeHook(sql: SqlStorage, id: string): Result<null, TeamRejection> {
  if (readHook(sql, id) === null) return err({ reason: "hook_unknown", id });
  deleteHook(sql, id);
  return ok(null);
}

/** Asks again whether the hook is open: it may have been closed while the signature was verified. */
export function admitHookMessage(
  sql: SqlStorage,
  message: TeamRequest<"admitHookMessage">,
): Awaited<ReturnType<TeamRpc["admitHookMessage"]>> {
  const { hookId, messageId, bodyHash, at } = message;
  const hook = readHook(sql, hookId);
  if (hook === null || hook.disabledAt !== null) return err({ reason: "hook_closed" });
  const known = readMessageHash(sql, hookId, messageId);
  if (known === null) {
    insertMessage(sql, message, at - LIMITS.idempotencyKeepMs);
    return ok(null);
  }
  return known === bodyHash ? ok(null) : err({ reason: "idempotency_key_reused" });
}
