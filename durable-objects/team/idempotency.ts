/**
 * A change at most once per idempotency key: the key's second use is answered with the first answer. A
 * refusal is not kept, so the same request may succeed once its cause is gone.
 */
import { LIMITS } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { TEAM_LIMITS } from "../../shared/team/index.ts";
import type { Idempotency, TeamRejection } from "../../shared/wire/rpc.ts";
import { pruneAnswers, readAnswer, writeAnswer } from "./answer-store.ts";

/**
 * Runs a change in one transaction with its answer. `run` reads and checks before it writes, so a
 * refusal leaves nothing behind.
 */
export function runOnce<T>(
  storage: DurableObjectStorage,
  idempotency: Idempotency,
  nowMs: number,
  run: () => Result<T, TeamRejection>,
): Result<T, TeamRejection> {
  const { sql } = storage;
  return storage.transactionSync(() => {
    if (idempotency === null) return run();
    const { key, requestHash } = idempotency;
    const kept = readAnswer(sql, key);
    if (kept !== null) {
      return kept.requestHash === requestHash
        ? ok(JSON.parse(kept.answer) as T)
        : err({ reason: "idempotency_key_reused" });
    }
    const result = run();
    if (!result.ok) return result;
    writeAnswer(sql, key, requestHash, JSON.stringify(result.value), nowMs);
    const forgetBeforeMs = nowMs - LIMITS.idempotencyKeepMs;
    pruneAnswers(sql, nowMs, forgetBeforeMs, TEAM_LIMITS.idempotencyPruneEveryMs);
    return result;
  });
}
