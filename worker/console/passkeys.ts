/**
 * Passkeys, as the browser offers them. The challenge of an approval is the hash of the statement, so the device signs
 * exactly what was shown. Decides nothing; a person who turns away is a sentence, not an exception.
 * Specification: docs/approvals.md ("Passkeys"), WebAuthn Level 3.
 */
import { base64UrlEncode } from "../../shared/base64.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { err, ok, type Result } from "../../shared/result.ts";

const TIMEOUT_MS = 2 * 60_000;

/** Whether this browser has passkeys for pages like this one. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === "function";
}

/** Whose passkeys may answer. */
export interface PasskeyOwner {
  readonly rpId: string;
  /** Named to the device, because a key that it cannot discover answers only by name; empty: any that it can. */
  readonly credentialIds: readonly string[];
}

/** Has the person sign a statement; answers the assertion as JSON. Errors: a sentence. */
export async function signWithPasskey(
  statement: unknown,
  { rpId, credentialIds }: PasskeyOwner,
): Promise<Result<unknown, string>> {
  const bytes = new TextEncoder().encode(canonicalJson(statement));
  const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const options = {
    challenge: base64UrlEncode(challenge),
    rpId,
    allowCredentials: credentialIds.map((id) => ({ type: "public-key" as const, id })),
    userVerification: "required" as const,
    timeout: TIMEOUT_MS,
  };
  return answerOf(() =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    }),
  );
}

/** Has the person make a passkey for an open registration; answers it as JSON. Errors: a sentence. */
export async function createPasskey(
  options: PublicKeyCredentialCreationOptionsJSON,
): Promise<Result<unknown, string>> {
  return answerOf(() =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    }),
  );
}

async function answerOf(
  ceremony: () => Promise<Credential | null>,
): Promise<Result<unknown, string>> {
  try {
    const credential = await ceremony();
    return credential instanceof PublicKeyCredential
      ? ok(credential.toJSON() as unknown)
      : err("No passkey answered.");
  } catch (thrown) {
    const why = thrown instanceof DOMException ? thrown.message : String(thrown);
    return err(`No passkey answered: ${why}`);
  }
}
