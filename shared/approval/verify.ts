/**
 * The one door for a person's word: a statement signed with a key of their own, as a compact JWS or with a
 * passkey. Both prove the same thing and are recorded so that an outsider can prove it again.
 */
import { base64UrlEncode, type PublicJwk, sha256Bytes } from "../crypto.ts";
import { type Result, ok } from "../result.ts";
import { challengeOf, type PasskeySigned, verifyPasskeyApproval } from "./assertion.ts";
import type { CeremonyReject } from "./client-data.ts";
import {
  type ApprovalStatement,
  type ApproverKey,
  type StatementReject,
  verifyApprovalStatement,
} from "./statement.ts";

/** A compact JWS, or a statement in the clear with a passkey's assertion over its hash. */
export type SignedApproval = string | PasskeySigned;

/**
 * What of an assertion stands in the event, beside signature and public key; with them it verifies offline.
 * Nothing in it could be changed without being caught: the credential's id, which nobody signs, is left out.
 */
export interface RecordedPasskey {
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly statement: ApprovalStatement;
  readonly rpId: string;
  readonly origin: string;
}

export interface VerifiedApproval {
  readonly statement: ApprovalStatement;
  readonly kid: string;
  /** Goes into the event's `approvalSignature`: the JWS, or the assertion's signature. */
  readonly signature: string;
  readonly passkey: RecordedPasskey | null;
}

/** Verifies a person's word with their registered keys. Errors: as of the two kinds. */
export function verifySignedApproval(
  signed: SignedApproval,
  keys: readonly ApproverKey[],
): Result<VerifiedApproval, StatementReject | CeremonyReject> {
  if (typeof signed === "string") {
    const verified = verifyApprovalStatement(signed, keys);
    return verified.ok ? ok({ ...verified.value, signature: signed, passkey: null }) : verified;
  }
  const verified = verifyPasskeyApproval(signed, keys);
  if (!verified.ok) return verified;
  const { statement, kid, origin } = verified.value;
  const { signature, clientDataJSON, authenticatorData } = signed.assertion;
  const rpId = signed.relyingParty.id;
  const passkey = { clientDataJSON, authenticatorData, statement, rpId, origin };
  return ok({ statement, kid, signature, passkey });
}

/**
 * What makes two signatures the same word of a person, base64url: a passkey's challenge; of a JWS the SHA-256 of
 * what it signs, because the same bytes may carry several ES256 signatures.
 */
export function answerId(signature: string, passkey: RecordedPasskey | null): string {
  if (passkey) return challengeOf(passkey.statement);
  return base64UrlEncode(sha256Bytes(signature.slice(0, signature.lastIndexOf("."))));
}

/** The signed approval that an event recorded, and the key it was signed with. */
export function recordedApproval(
  signature: string,
  key: { readonly kid: string; readonly jwk: PublicJwk },
  passkey: RecordedPasskey | undefined,
): { readonly signed: SignedApproval; readonly key: ApproverKey } {
  if (!passkey) return { signed: signature, key };
  const { statement, rpId, origin, clientDataJSON, authenticatorData } = passkey;
  const credentialId = key.kid;
  const assertion = { credentialId, clientDataJSON, authenticatorData, signature };
  const relyingParty = { id: rpId, origins: [origin] };
  return {
    signed: { statement, assertion, relyingParty },
    key: { ...key, passkey: { credentialId } },
  };
}
