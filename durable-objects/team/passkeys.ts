/**
 * A team's passkeys: the directory's rules over the passkey store, inside the caller's transaction. A
 * registration's challenge is used up by its first answer, right or wrong.
 */
import {
  type ApproverFacts,
  parseAuthenticatorData,
  verifySignedApproval,
} from "../../shared/approval/index.ts";
import { base64UrlDecode } from "../../shared/crypto.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  changeApprover,
  isCounterSound,
  passkeyCreationOptions,
  readPasskeyRegistration,
  TEAM_LIMITS,
} from "../../shared/team/index.ts";
import type { PasskeyOptions, TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import { readApprover, readKeyOwner, writeApprover } from "./approver-store.ts";
import { appendChange } from "./change-store.ts";
import {
  insertPasskey,
  readPasskey,
  takeCeremony,
  writeCeremony,
  writePasskeyUse,
} from "./passkey-store.ts";

/** Opens a registration for the person. */
export function openPasskeyCeremony(
  sql: SqlStorage,
  { approver: id, challenge, relyingParty, at }: TeamRequest<"passkeyOptions">,
): Result<PasskeyOptions, TeamRejection> {
  const approver = readApprover(sql, id);
  if (approver === null) return err({ reason: "approver_unknown", approver: id });
  writeCeremony(sql, id, challenge, at + TEAM_LIMITS.passkeyCeremonyMs);
  return ok(passkeyCreationOptions(approver, relyingParty, challenge));
}

/** Registers the passkey that the person's browser made for the open registration. */
export function registerPasskey(
  sql: SqlStorage,
  { approver: id, registration, relyingParty, by, at }: TeamRequest<"addPasskey">,
): Result<ApproverFacts, TeamRejection> {
  const approver = readApprover(sql, id);
  if (approver === null) return err({ reason: "approver_unknown", approver: id });
  // Committed with a refusal too: only what throws is rolled back.
  const challenge = takeCeremony(sql, id, at);
  if (challenge === null)
    return err({ reason: "passkey_refused", detail: "no registration is open for this person" });
  const read = readPasskeyRegistration(registration, challenge, relyingParty);
  if (!read.ok) return read;
  const { key, signCount } = read.value;
  const owner =
    readKeyOwner(sql, key.kid) ?? readPasskey(sql, key.passkey.credentialId)?.approver_id;
  if (owner !== undefined) return err({ reason: "key_in_use", kid: key.kid });
  const room = changeApprover(approver, { addKeys: [key.jwk] });
  if (!room.ok) return room;
  const facts = { ...approver, keys: [...approver.keys, key] };
  writeApprover(sql, facts);
  insertPasskey(sql, key.passkey.credentialId, id, signCount);
  appendChange(sql, { by, at }, { kind: "approver", subject: id, before: approver, after: facts });
  return ok(facts);
}

/**
 * Verifies an assertion and takes its counter, in one transaction: of two answers of a copied authenticator
 * that race, one is refused. Whether the statement fits is for the mission to say.
 */
export function presentPasskey(
  sql: SqlStorage,
  { approver: id, signed }: TeamRequest<"presentPasskey">,
): Result<null, TeamRejection> {
  const approver = readApprover(sql, id);
  if (approver === null) return err({ reason: "approver_unknown", approver: id });
  const verified = verifySignedApproval(signed, approver.keys);
  if (!verified.ok) return verified;
  const { credentialId, authenticatorData, signature } = signed.assertion;
  const bytes = base64UrlDecode(authenticatorData);
  const data = bytes && parseAuthenticatorData(bytes);
  const stored = readPasskey(sql, credentialId);
  if (!data || !stored) return err({ reason: "approval_signature_invalid" });
  const shown = { signCount: data.signCount, signature };
  if (!isCounterSound({ signCount: stored.sign_count, signature: stored.signature }, shown))
    return err({ reason: "passkey_counter_regressed", kid: verified.value.kid });
  writePasskeyUse(sql, credentialId, data.signCount, signature);
  return ok(null);
}
