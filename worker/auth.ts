/**
 * From a request to its principal: verifies the bearer token and reads team, subject and roles from it.
 * Refuses every failure with one and the same reason; which it was goes to the log only.
 * Specification: RFC 6750 (bearer tokens), RFC 8725 (JWT practice).
 */
import { TEAM_NAME } from "../shared/ids.ts";
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet } from "jose";
import * as z from "zod";
import { checkPublicJwk } from "../shared/crypto.ts";
import { invariant } from "../shared/invariant.ts";
import { subjectSchema } from "../shared/plan/index.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { Env } from "./env.ts";

/** What a token may let its bearer do. */
export const ROLES = ["agent", "approver", "operator", "auditor", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** Who is asking: always of one team, and only that team's things exist for them. */
export interface Principal {
  /** Who the token speaks of: an agent's or a person's id within the team. */
  readonly sub: string;
  readonly team: string;
  readonly roles: readonly Role[];
}

/** Never shown to the caller. */
export interface AuthReject {
  readonly reason: "unauthenticated";
  readonly cause: string;
}

/** The audience (`aud`) of every access token. */
const TOKEN_AUDIENCE = "sekisho";

/** Clock difference tolerated between us and the issuer of access tokens. */
const CLOCK_TOLERANCE_S = 5;
/** A token with every claim we read fits many times over. */
const TOKEN_CHARS_MAX = 8_192;
const TOKEN_TYPES: readonly (string | undefined)[] = [undefined, "JWT", "at+jwt"];
const BEARER = /^bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

const claimsSchema = z.object({
  // Control characters and lone surrogates would break what a subject is written into later.
  sub: subjectSchema.refine((sub) => sub.isWellFormed() && !/\p{Cc}/u.test(sub), "not plain text"),
  team: z.string().regex(TEAM_NAME),
  roles: z.array(z.enum(ROLES)).max(ROLES.length),
});

type KeySet = ReturnType<typeof createLocalJWKSet>;
const jwksSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });
let cached: { readonly text: string; readonly keys: KeySet } | null = null;

/**
 * Reads and verifies the bearer token of an `Authorization` header.
 * Errors: one reject for every way a token can be wrong. Throws when our own key set is malformed.
 */
export async function authenticate(
  env: Env,
  header: string | undefined,
): Promise<Result<Principal, AuthReject>> {
  if (env.AUTH_ISSUER === "") return refuse("no issuer is configured");
  const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
  if (token === undefined) return refuse("no bearer token");
  if (token.length > TOKEN_CHARS_MAX) return refuse("the token is too long");
  const keys = issuerKeys(env.AUTH_JWKS);
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: ["EdDSA", "ES256"],
      issuer: env.AUTH_ISSUER,
      audience: TOKEN_AUDIENCE,
      requiredClaims: ["exp", "sub"],
      clockTolerance: CLOCK_TOLERANCE_S,
    });
    if (!TOKEN_TYPES.includes(protectedHeader.typ))
      return refuse("typ is not that of an access token");
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) return refuse(`claims: ${z.prettifyError(claims.error)}`);
    const { sub, team, roles } = claims.data;
    return ok({ sub, team, roles: [...new Set(roles)] });
  } catch (thrown) {
    // jose throws TypeErrors for keys and headers it cannot use; whatever it was, there is no principal.
    return refuse(thrown instanceof errors.JOSEError ? thrown.code : String(thrown));
  }
}

/** Whether the principal holds at least one of the roles. */
export function hasRole(principal: Principal, roles: readonly Role[]): boolean {
  return principal.roles.some((role) => roles.includes(role));
}

/** The issuer's keys, parsed once per isolate. A key that verifies anything it is shown is refused here. */
function issuerKeys(text: string): KeySet {
  if (cached?.text === text) return cached.keys;
  const jwks = jwksSchema.parse(JSON.parse(text));
  for (const jwk of jwks.keys) {
    invariant(checkPublicJwk(jwk).ok, "AUTH_JWKS holds sound public Ed25519 and P-256 keys only");
  }
  const keys = createLocalJWKSet(jwks as unknown as JSONWebKeySet);
  cached = { text, keys };
  return keys;
}

function refuse(cause: string): Result<never, AuthReject> {
  return err({ reason: "unauthenticated", cause });
}
