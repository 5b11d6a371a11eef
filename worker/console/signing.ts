/**
 * Signing in the page: a key file that the person chooses, imported by WebCrypto as not extractable, held for this
 * tab in memory only, and the compact JWS it makes over the canonical bytes of a statement.
 * Specification: docs/approvals.md ("The statement"), RFC 7515, RFC 7638.
 */
import { base64UrlEncode } from "../../shared/base64.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** A private key ready to sign; `kid` is the RFC 7638 thumbprint of its public half. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: "EdDSA" | "ES256";
  readonly key: CryptoKey;
  readonly fileName: string;
}

const utf8 = new TextEncoder();

/** Reads a key file: a private JWK, Ed25519 or P-256. Errors: a sentence for the person. */
export async function readKeyFile(file: File): Promise<Result<SigningKey, string>> {
  const jwk = await readJwk(file);
  if (jwk === null) return err("This is no private key as a JWK.");
  const { kty, crv, x, y, d } = jwk;
  try {
    if (kty === "OKP" && crv === "Ed25519") {
      const key = await importKey({ kty, crv, x, d }, { name: "Ed25519" });
      return ok({ kid: await thumbprint({ crv, kty, x }), alg: "EdDSA", key, fileName: file.name });
    }
    if (kty === "EC" && crv === "P-256" && typeof y === "string") {
      const key = await importKey({ kty, crv, x, y, d }, { name: "ECDSA", namedCurve: "P-256" });
      return ok({
        kid: await thumbprint({ crv, kty, x, y }),
        alg: "ES256",
        key,
        fileName: file.name,
      });
    }
  } catch {
    return err("The key does not fit together, or this browser does not know its algorithm.");
  }
  return err("Keys are Ed25519 or P-256.");
}

/** A statement as the compact JWS that the API takes. */
export async function signStatement(
  typ: string,
  statement: unknown,
  { kid, alg, key }: SigningKey,
): Promise<string> {
  const header = JSON.stringify({ alg, typ, kid });
  const input = `${base64UrlEncode(utf8.encode(header))}.${base64UrlEncode(utf8.encode(canonicalJson(statement)))}`;
  const algorithm = alg === "EdDSA" ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(algorithm, key, utf8.encode(input));
  return `${input}.${base64UrlEncode(new Uint8Array(signature))}`;
}

interface PrivateJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly d: string;
}

async function readJwk(file: File): Promise<PrivateJwk | null> {
  // A key is some hundred bytes; whatever is longer is another file.
  if (file.size > 4_096) return null;
  try {
    const { kty, crv, x, y, d } = JSON.parse(await file.text()) as Record<string, unknown>;
    const isKey = [kty, crv, x, d].every((member) => typeof member === "string");
    return isKey ? ({ kty, crv, x, d, ...(y === undefined ? {} : { y }) } as PrivateJwk) : null;
  } catch {
    return null;
  }
}

function importKey(jwk: JsonWebKey, algorithm: Algorithm | EcKeyImportParams): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]);
}

/** The members in the order that RFC 7638 asks for. */
async function thumbprint(members: Readonly<Record<string, string>>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", utf8.encode(JSON.stringify(members)));
  return base64UrlEncode(new Uint8Array(digest));
}
