/**
 * What the browser says it was asked: for which ceremony, with which challenge, by which page. Accepts one
 * origin out of a list and nothing embedded in another page.
 * Specification: WebAuthn Level 3 sections 5.8.1, 7.1 and 7.2.
 */
import { type Result, err, ok } from "../result.ts";
import { decodeUtf8Strict, parseStrictJson } from "../strict-json.ts";

/** Who asks for passkeys: the domain they belong to and the pages that may ask. Configuration. */
export interface RelyingParty {
  /** A domain; credentials registered for another one do not work here. */
  readonly id: string;
  /** Scheme, host and port, as browsers write an origin. At least one. */
  readonly origins: readonly string[];
}

/** What a passkey's answer was refused for, in words. */
export type CeremonyReject = { readonly reason: "passkey_refused"; readonly detail: string };

/** Reads the client data and answers its origin. Errors: `passkey_refused`, naming what does not fit. */
export function checkClientData(
  bytes: Uint8Array,
  expected: {
    readonly type: "webauthn.create" | "webauthn.get";
    /** base64url without padding. */
    readonly challenge: string;
    readonly relyingParty: RelyingParty;
  },
): Result<{ readonly origin: string }, CeremonyReject> {
  const text = decodeUtf8Strict(bytes);
  const parsed = text.ok ? parseStrictJson(text.value) : text;
  const value: unknown = parsed.ok ? parsed.value : null;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refuse("the client data is not a JSON object");
  const { type, challenge, origin, crossOrigin, topOrigin } = value as Record<string, unknown>;
  if (type !== expected.type) return refuse(`the ceremony is not ${expected.type}`);
  if (challenge !== expected.challenge) return refuse("the challenge is another one");
  if (typeof origin !== "string" || !expected.relyingParty.origins.includes(origin))
    return refuse("the origin is not one of ours");
  if ((crossOrigin !== undefined && crossOrigin !== false) || topOrigin !== undefined)
    return refuse("the page was embedded in another one");
  return ok({ origin });
}

export function refuse(detail: string): Result<never, CeremonyReject> {
  return err({ reason: "passkey_refused", detail });
}
