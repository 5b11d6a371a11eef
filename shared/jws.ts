/**
 * Compact JWS, synchronous, with exactly two algorithms (EdDSA on Ed25519, ES256) and exactly three
 * header members (alg, typ, kid). Everything else a header can say (jwk, jku, x5c, crit, b64, ...) is
 * refused, because each is a way to make the verifier trust what the sender chose.
 * Specification: RFC 7515, RFC 8037, RFC 8725 (best practices).
 */
import {
  base64UrlDecode,
  base64UrlEncode,
  signEd25519,
  verifySignature,
  type PrivateJwk,
  type PublicJwk,
  type SignatureAlg,
} from "./crypto.ts";
import { LIMITS } from "./limits.ts";
import { err, ok, type Result } from "./result.ts";
import { decodeUtf8Strict, parseStrictJson, type JsonObject } from "./strict-json.ts";

export type JwsHeader = {
  readonly alg: SignatureAlg;
  readonly typ: string;
  readonly kid: string;
};

export type JwsReject = {
  readonly reason:
    | "malformed"
    | "header_unsupported"
    | "algorithm_refused"
    | "type_refused"
    | "key_unknown"
    | "signature_invalid";
  readonly detail: string;
};

export type ParsedJws = {
  readonly header: JwsHeader;
  readonly payload: JsonObject;
  readonly payloadText: string;
  readonly signingInput: string;
  readonly signature: Uint8Array;
};

export type VerifiedJws = { readonly header: JwsHeader; readonly payload: JsonObject };

export type JwsVerifyOptions = {
  readonly typ: string;
  readonly algs: readonly SignatureAlg[];
  readonly keyByKid: (kid: string) => PublicJwk | undefined;
};

type Parts = {
  readonly header: JwsHeader;
  readonly payloadBytes: Uint8Array;
  readonly signingInput: string;
  readonly signature: Uint8Array;
};

const utf8 = new TextEncoder();

/**
 * Signs a payload with Ed25519.
 * Shape: the header is exactly `{"alg":"EdDSA","typ":...,"kid":...}` in that order; the payload text is
 * signed as given, so pass canonical JSON where the bytes matter.
 */
export function signJws(
  header: { readonly typ: string; readonly kid: string },
  payloadJson: string,
  key: PrivateJwk,
): string {
  const headerJson = JSON.stringify({ alg: "EdDSA", typ: header.typ, kid: header.kid });
  const signingInput = `${encodeText(headerJson)}.${encodeText(payloadJson)}`;
  return `${signingInput}.${base64UrlEncode(signEd25519(key, utf8.encode(signingInput)))}`;
}

/**
 * Takes a compact JWS apart without trusting it: nothing is verified here.
 * Errors: `malformed`, `algorithm_refused`, `header_unsupported`, `type_refused` (no typ),
 * `key_unknown` (no kid).
 */
export function parseJws(text: unknown): Result<ParsedJws, JwsReject> {
  const parts = splitJws(text);
  if (!parts.ok) return parts;
  const payload = readPayload(parts.value.payloadBytes);
  if (!payload.ok) return payload;
  const { header, signingInput, signature } = parts.value;
  return ok({ header, signingInput, signature, ...payload.value });
}

/**
 * Verifies a compact JWS and answers its payload, a strict JSON object.
 * Errors: as `parseJws`, then `type_refused` and `algorithm_refused` against the options, `key_unknown`,
 * `algorithm_refused` when the key is of another kind, `signature_invalid`; the payload is read last.
 */
export function verifyJws(
  text: unknown,
  options: JwsVerifyOptions,
): Result<VerifiedJws, JwsReject> {
  const parts = splitJws(text);
  if (!parts.ok) return parts;
  const { header, payloadBytes, signingInput, signature } = parts.value;
  if (!options.algs.includes(header.alg)) {
    return reject("algorithm_refused", "the algorithm is not allowed here");
  }
  if (header.typ !== options.typ) {
    return reject("type_refused", `the type is not ${options.typ}`);
  }
  const key = options.keyByKid(header.kid);
  if (key === undefined) return reject("key_unknown", "no key has this kid");
  if ((key.kty === "EC") !== (header.alg === "ES256")) {
    return reject("algorithm_refused", "the key is of another kind than the algorithm");
  }
  if (!verifySignature(key, header.alg, utf8.encode(signingInput), signature)) {
    return reject("signature_invalid", "the signature is not the key's over these bytes");
  }
  const payload = readPayload(payloadBytes);
  return payload.ok ? ok({ header, payload: payload.value.payload }) : payload;
}

function splitJws(text: unknown): Result<Parts, JwsReject> {
  if (typeof text !== "string") return reject("malformed", "a compact JWS is a string");
  if (text.length > LIMITS.jwsCharsMax) return reject("malformed", "longer than the limit");
  const segments = text.split(".", 4);
  const [headerText, payloadText, signatureText] = segments;
  if (
    segments.length !== 3 ||
    headerText === undefined ||
    payloadText === undefined ||
    signatureText === undefined
  ) {
    return reject("malformed", "a compact JWS has three parts");
  }
  const headerBytes = base64UrlDecode(headerText);
  const payloadBytes = base64UrlDecode(payloadText);
  const signature = base64UrlDecode(signatureText);
  if (headerBytes === null || payloadBytes === null || signature === null) {
    return reject("malformed", "a part is not canonical base64url");
  }
  const header = readHeader(headerBytes);
  if (!header.ok) return header;
  const signingInput = `${headerText}.${payloadText}`;
  return ok({ header: header.value, payloadBytes, signingInput, signature });
}

function readHeader(bytes: Uint8Array): Result<JwsHeader, JwsReject> {
  const object = readObject(bytes, "header");
  if (!object.ok) return object;
  const { alg, typ, kid, ...others } = object.value.payload;
  if (alg !== "EdDSA" && alg !== "ES256") {
    return typeof alg === "string"
      ? reject("algorithm_refused", "only EdDSA and ES256 are known here")
      : reject("malformed", "the header names no algorithm");
  }
  const [other] = Object.keys(others);
  if (other !== undefined) {
    return reject("header_unsupported", "a header holds alg, typ and kid only");
  }
  if (typ === undefined) return reject("type_refused", "the header names no type");
  if (kid === undefined) return reject("key_unknown", "the header names no key");
  if (typeof typ !== "string" || typeof kid !== "string") {
    return reject("malformed", "typ and kid are strings");
  }
  return ok({ alg, typ, kid });
}

function readPayload(
  bytes: Uint8Array,
): Result<Pick<ParsedJws, "payload" | "payloadText">, JwsReject> {
  return readObject(bytes, "payload");
}

function readObject(
  bytes: Uint8Array,
  part: "header" | "payload",
): Result<Pick<ParsedJws, "payload" | "payloadText">, JwsReject> {
  const text = decodeUtf8Strict(bytes);
  if (!text.ok) return reject("malformed", `the ${part} is not UTF-8`);
  const value = parseStrictJson(text.value);
  if (!value.ok) return reject("malformed", `the ${part} is refused: ${value.error.reason}`);
  const object = value.value;
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    return reject("malformed", `the ${part} is not an object`);
  }
  return ok({ payload: object as JsonObject, payloadText: text.value });
}

function encodeText(text: string): string {
  return base64UrlEncode(utf8.encode(text));
}

function reject(reason: JwsReject["reason"], detail: string): Result<never, JwsReject> {
  return err({ reason, detail });
}
