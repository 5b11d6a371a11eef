/**
 * Registering a passkey: what the person's browser is asked, and what of its answer is believed. Attestation
 * is not asked for: it would say which make of device, and the directory says whose.
 * Specification: WebAuthn Level 3 sections 5.4 and 7.1; docs/approvals.md, "Passkeys".
 */
import {
  type ApproverFacts,
  type ApproverKey,
  checkClientData,
  isHashOf,
  parseAuthenticatorData,
  type RelyingParty,
} from "../approval/index.ts";
import {
  base64UrlDecode,
  base64UrlEncode,
  checkPublicJwk,
  jwkThumbprint,
  sha256Bytes,
} from "../crypto.ts";
import { err, ok, type Result } from "../result.ts";
import { TEAM_LIMITS } from "./limits.ts";

/** The members of a browser's answer that are read; base64url. */
export interface PasskeyRegistration {
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
}

export type PasskeyReject = { readonly reason: "passkey_refused"; readonly detail: string };

/** A passkey as it is stored, with what its authenticator says of itself. */
export interface NewPasskey {
  readonly key: ApproverKey & { readonly passkey: { readonly credentialId: string } };
  readonly signCount: number;
  readonly backedUp: boolean;
}

/**
 * `PublicKeyCredentialCreationOptionsJSON` for a person: Ed25519 or P-256, kept on the authenticator, the
 * person verified, no attestation.
 */
export function passkeyCreationOptions(
  { id, name, keys }: Pick<ApproverFacts, "id" | "name" | "keys">,
  relyingParty: RelyingParty,
  challenge: string,
) {
  return {
    rp: { id: relyingParty.id, name: "Sekisho" },
    // The handle must not tell who it is (section 14.6.1), and be the same for all of a person's passkeys.
    user: { id: base64UrlEncode(sha256Bytes(id)), name: id, displayName: name },
    challenge,
    pubKeyCredParams: [
      { type: "public-key" as const, alg: -8 },
      { type: "public-key" as const, alg: -7 },
    ],
    timeout: TEAM_LIMITS.passkeyCeremonyMs as number,
    excludeCredentials: keys.flatMap(({ passkey }) =>
      passkey ? [{ type: "public-key" as const, id: passkey.credentialId }] : [],
    ),
    authenticatorSelection: {
      residentKey: "preferred" as const,
      userVerification: "required" as const,
    },
    attestation: "none" as const,
  };
}

/**
 * Reads a registration. Errors: `passkey_refused` for another ceremony, challenge, origin or domain, a person
 * who was not verified, and a key that is neither Ed25519 nor P-256 or that proves nothing.
 */
export function readPasskeyRegistration(
  { clientDataJSON, authenticatorData }: PasskeyRegistration,
  challenge: string,
  relyingParty: RelyingParty,
): Result<NewPasskey, PasskeyReject> {
  const client = base64UrlDecode(clientDataJSON);
  const bytes = base64UrlDecode(authenticatorData);
  if (!client || !bytes) return refuse("the answer is not base64url");
  const checked = checkClientData(client, { type: "webauthn.create", challenge, relyingParty });
  if (!checked.ok) return checked;
  const data = parseAuthenticatorData(bytes);
  if (!data?.attested) return refuse("the authenticator data holds no key that we accept");
  if (!isHashOf(data.rpIdHash, relyingParty.id)) return refuse("the passkey is of another domain");
  if (!data.userPresent || !data.userVerified) return refuse("the person was not verified");
  const jwk = checkPublicJwk(data.attested.jwk);
  if (!jwk.ok) return refuse(`the key is refused: ${jwk.error.reason}`);
  const kid = jwkThumbprint(jwk.value);
  const credentialId = base64UrlEncode(data.attested.credentialId);
  return ok({
    key: { kid, jwk: { ...jwk.value, kid }, passkey: { credentialId } },
    signCount: data.signCount,
    backedUp: data.backedUp,
  });
}

/**
 * Whether an authenticator's counter may be believed: it rises, or neither side counts. The same answer sent
 * again by a client that heard nothing is no copy of the authenticator.
 */
export function isCounterSound(
  stored: { readonly signCount: number; readonly signature: string | null },
  shown: { readonly signCount: number; readonly signature: string },
): boolean {
  if (stored.signCount === 0 && shown.signCount === 0) return true;
  return shown.signCount > stored.signCount || shown.signature === stored.signature;
}

function refuse(detail: string): Result<never, PasskeyReject> {
  return err({ reason: "passkey_refused", detail });
}
