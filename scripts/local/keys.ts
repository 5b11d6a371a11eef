/**
 * Development keys of a local instance, made on first use and kept in its state folder: what signs
 * access tokens, tickets, webhooks and checkpoints. Refuses to be anybody's production key: the file is readable by
 * its owner only, and nothing outside the local runtime reads it.
 * Specification: docs/cli.md, "The state folder".
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SignJWT, importJWK } from "jose";
import * as z from "zod";
import { base64Encode, base64UrlDecode, jwkThumbprint } from "../../shared/crypto.ts";
import type { PrivateJwk, PublicJwk } from "../../shared/crypto.ts";
import { type Result, err, ok } from "../../shared/result.ts";

/** Issuer (`iss`) that development tokens name; only a local instance is configured to accept it. */
export const LOCAL_ISSUER = "urn:sekisho:local";

/** The state folder unless told otherwise: below the current folder, as git keeps its own. */
export const DEFAULT_STATE_DIR = ".sekisho";

/** Long enough for a day's work, short enough that a forgotten token dies. */
export const TOKEN_TTL_SECONDS = 8 * 60 * 60;

export const ROLES = ["agent", "approver", "operator", "auditor", "admin"] as const;
export type Role = (typeof ROLES)[number];

const privateJwkSchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  d: z.string(),
  kid: z.string(),
});

const keysSchema = z.object({
  auth: privateJwkSchema,
  /** The first signs; older ones stay so that tickets in flight outlive a rotation. */
  tickets: z.array(privateJwkSchema).min(1),
  webhook: privateJwkSchema,
  checkpoint: privateJwkSchema,
});

/** A folder made before there were checkpoints lacks their key; it is added at the next start. */
const storedKeysSchema = keysSchema.partial({ checkpoint: true });

export type LocalKeys = z.output<typeof keysSchema>;
type StoredKeys = z.output<typeof storedKeysSchema>;

/** A fresh Ed25519 key pair; `kid` is its RFC 7638 thumbprint. */
export function createKeyPair(): PrivateJwk & { readonly kid: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x = "", d = "" } = privateKey.export({ format: "jwk" });
  const bare = { kty: "OKP", crv: "Ed25519", x } as const;
  return { ...bare, d, kid: jwkThumbprint(bare) };
}

/** The half of a key pair that may be shown to anybody. */
export function publicHalf(key: PrivateJwk): PublicJwk & { readonly kid: string } {
  const { kty, crv, x } = key;
  return { kty, crv, x, kid: key.kid ?? jwkThumbprint({ kty, crv, x }), alg: "EdDSA", use: "sig" };
}

/** Reads the state folder's keys, making the folder (0700) and the file (0600) on first use. */
export function openKeys(stateDir: string): LocalKeys {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const made: LocalKeys = {
    auth: createKeyPair(),
    tickets: [createKeyPair()],
    webhook: createKeyPair(),
    checkpoint: createKeyPair(),
  };
  try {
    // "wx" so that two instances started at once agree on one set of keys.
    writeFileSync(keysFile(stateDir), `${JSON.stringify(made, null, 2)}\n`, {
      flag: "wx",
      mode: 0o600,
    });
    return made;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  }
  const kept = readKeys(stateDir);
  if (!kept.ok) throw new Error(kept.error.detail);
  const { checkpoint } = kept.value;
  if (checkpoint !== undefined) return { ...kept.value, checkpoint };
  const whole = { ...kept.value, checkpoint: made.checkpoint };
  const fresh = `${keysFile(stateDir)}.new`;
  // Renamed into place, so that a crash leaves the old keys or the new ones.
  writeFileSync(fresh, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, keysFile(stateDir));
  return whole;
}

/** Reads the keys of an instance that was started before. Errors: `keys_unreadable`. */
export function readKeys(
  stateDir: string,
): Result<StoredKeys, { readonly reason: "keys_unreadable"; readonly detail: string }> {
  const file = keysFile(stateDir);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const detail = `no keys in ${file}: ${cause instanceof Error ? cause.message : String(cause)}`;
    return err({ reason: "keys_unreadable", detail });
  }
  const keys = storedKeysSchema.safeParse(value);
  if (keys.success) return ok(keys.data);
  return err({ reason: "keys_unreadable", detail: `${file} is not a key file of Sekisho` });
}

/** A development access token: a JWT signed with the local auth key. `ttlSeconds` counts from now. */
export async function mintToken(
  keys: Pick<LocalKeys, "auth">,
  claims: {
    readonly team: string;
    readonly sub: string;
    readonly roles: readonly Role[];
    readonly ttlSeconds?: number;
  },
): Promise<string> {
  const key = await importJWK(keys.auth, "EdDSA");
  return new SignJWT({ team: claims.team, roles: [...claims.roles] })
    .setProtectedHeader({ alg: "EdDSA", typ: "JWT", kid: keys.auth.kid })
    .setIssuer(LOCAL_ISSUER)
    .setAudience("sekisho")
    .setSubject(claims.sub)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${claims.ttlSeconds ?? TOKEN_TTL_SECONDS} seconds`)
    .sign(key);
}

/** The webhook key as Standard Webhooks spells it: `whsk_` and the base64 of the 32-byte seed. */
export function webhookSecret(keys: LocalKeys): string {
  return `whsk_${base64(keys.webhook.d)}`;
}

function base64(base64Url: string): string {
  const bytes = base64UrlDecode(base64Url);
  if (bytes === null) throw new Error("a key of the key file is not base64url");
  return base64Encode(bytes);
}

function keysFile(stateDir: string): string {
  return path.join(stateDir, "keys.json");
}
