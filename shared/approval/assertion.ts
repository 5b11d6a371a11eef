/**
 * A statement signed with a passkey: the challenge is the hash of the statement, so the person's device signs
 * exactly what was shown. Verified here, synchronously, so that the mission can do it inside its own
 * transaction and anybody can do it again from the trace.
 * Specification: WebAuthn Level 3 section 7.2; docs/decisions/0024-passkeys-in-the-core.md.
 */
import * as z from "zod";
import { canonicalJson } from "../canonical.ts";
import {
  base64UrlDecode,
  base64UrlEncode,
  derToP1363,
  sha256Bytes,
  verifySignature,
} from "../crypto.ts";
import { type Result, err, ok } from "../result.ts";
import { parseAuthenticatorData } from "./authenticator-data.ts";
import { type CeremonyReject, checkClientData, refuse, type RelyingParty } from "./client-data.ts";
import {
  type ApprovalStatement,
  type ApproverKey,
  readStatement,
  type StatementReject,
} from "./statement.ts";

/** base64url of bytes; the bound is far above what authenticators send. */
const bytesSchema = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^[A-Za-z0-9_-]+$/);

/** What of an authenticator's answer is kept: everything a verifier needs, base64url. */
export const passkeyAssertionSchema = z.strictObject({
  credentialId: bytesSchema,
  clientDataJSON: bytesSchema,
  authenticatorData: bytesSchema,
  signature: bytesSchema,
});

export type PasskeyAssertion = z.output<typeof passkeyAssertionSchema>;

/** A statement in the clear with the assertion over its hash, and who may have asked for it. */
export interface PasskeySigned {
  readonly statement: unknown;
  readonly assertion: PasskeyAssertion;
  readonly relyingParty: RelyingParty;
}

/** What a verified assertion was: all of it is recorded beside the approval. */
export interface VerifiedPasskey {
  readonly statement: ApprovalStatement;
  readonly kid: string;
  readonly origin: string;
  readonly signCount: number;
}

/** The challenge a passkey must sign for a statement: base64url of the SHA-256 of its JCS bytes. */
export function challengeOf(statement: unknown): string {
  return base64UrlEncode(sha256Bytes(canonicalJson(statement)));
}

/**
 * Verifies an assertion with the person's registered passkeys only.
 * Errors: `approval_statement_malformed` for a statement without its shape; `passkey_refused` for another
 * ceremony, challenge, origin or relying party, and where the person was not verified;
 * `approval_signature_invalid` for an unknown credential and a signature that does not verify.
 */
export function verifyPasskeyApproval(
  { statement: shown, assertion, relyingParty }: PasskeySigned,
  keys: readonly ApproverKey[],
): Result<VerifiedPasskey, StatementReject | CeremonyReject> {
  const statement = readStatement(shown);
  if (!statement.ok) return statement;
  const key = keys.find(({ passkey }) => passkey?.credentialId === assertion.credentialId);
  const clientData = base64UrlDecode(assertion.clientDataJSON);
  const signed = base64UrlDecode(assertion.authenticatorData);
  const signature = base64UrlDecode(assertion.signature);
  if (!key || !clientData || !signed || !signature)
    return err({ reason: "approval_signature_invalid" });
  const challenge = challengeOf(statement.value);
  const client = checkClientData(clientData, { type: "webauthn.get", challenge, relyingParty });
  if (!client.ok) return client;
  const data = parseAuthenticatorData(signed);
  if (data === null) return refuse("the authenticator data cannot be read");
  if (!isHashOf(data.rpIdHash, relyingParty.id)) return refuse("the passkey is of another domain");
  if (!data.userPresent || !data.userVerified) return refuse("the person was not verified");
  const message = new Uint8Array([...signed, ...sha256Bytes(clientData)]);
  const isEc = key.jwk.kty === "EC";
  const raw = isEc ? derToP1363(signature) : signature;
  if (raw === null || !verifySignature(key.jwk, isEc ? "ES256" : "EdDSA", message, raw))
    return err({ reason: "approval_signature_invalid" });
  return ok({
    statement: statement.value,
    kid: key.kid,
    origin: client.value.origin,
    signCount: data.signCount,
  });
}

/** Whether the 32 bytes are the SHA-256 of a relying party's id. */
export function isHashOf(hash: Uint8Array, rpId: string): boolean {
  return base64UrlEncode(hash) === base64UrlEncode(sha256Bytes(rpId));
}
