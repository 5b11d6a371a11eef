/**
 * Registering a verifier: the directory's rules over the verifier store, inside the caller's
 * transaction. Specification: docs/evidence.md, "Verifiers".
 */
import type { VerifierFacts } from "../../shared/evidence/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { nameVerifierKeys } from "../../shared/team/index.ts";
import type { TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import { refuseWhenFull } from "./capacity.ts";
import { appendChange } from "./change-store.ts";
import {
  hasVerifier,
  readVerifierKeyOwner,
  readVerifiers,
  writeVerifier,
} from "./verifier-store.ts";

/** Adds the verifier or replaces what was known; a key stays with the first it was registered for. */
export function registerVerifier(
  sql: SqlStorage,
  { verifier, by, at }: TeamRequest<"putVerifier">,
): Result<VerifierFacts, TeamRejection> {
  const keys = nameVerifierKeys(verifier.keys);
  if (!keys.ok) return keys;
  for (const { kid } of keys.value) {
    const owner = readVerifierKeyOwner(sql, kid);
    if (owner !== null && owner !== verifier.id) return err({ reason: "key_in_use", kid });
  }
  const full = hasVerifier(sql, verifier.id) ? null : refuseWhenFull(sql, "verifier");
  if (full) return err(full);
  const before = readVerifiers(sql).find(({ id }) => id === verifier.id) ?? null;
  const facts = { ...verifier, keys: keys.value };
  writeVerifier(sql, facts);
  const change = { kind: "verifier", subject: verifier.id, before, after: facts } as const;
  appendChange(sql, { by, at }, change);
  return ok(facts);
}
