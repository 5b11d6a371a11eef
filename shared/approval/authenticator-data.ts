/**
 * The bytes an authenticator signs: whose they are for, what the person did, how often it was used, and, at a
 * registration, the new key. Reads the two key shapes we accept and nothing else: CTAP2 prescribes one
 * encoding for each, so a template suffices and no CBOR reader can be confused.
 * Specification: WebAuthn Level 3 section 6.1, CTAP 2.1 section 8 (canonical CBOR), RFC 9053 (COSE keys).
 */
import { base64UrlEncode, type PublicJwk } from "../crypto.ts";

export interface AuthenticatorData {
  /** SHA-256 of the relying party's id. */
  readonly rpIdHash: Uint8Array;
  readonly userPresent: boolean;
  readonly userVerified: boolean;
  /** Whether the key may leave the device, and whether it has. */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** How often the authenticator has signed; 0 for those that do not count. */
  readonly signCount: number;
  /** The new credential, at a registration only. */
  readonly attested: {
    readonly aaguid: Uint8Array;
    readonly credentialId: Uint8Array;
    readonly jwk: PublicJwk;
  } | null;
}

const FLAG = {
  present: 0x01,
  verified: 0x04,
  eligible: 0x08,
  backedUp: 0x10,
  attested: 0x40,
  extensions: 0x80,
};
const HEAD_BYTES = 37;
const AAGUID_BYTES = 16;
/** WebAuthn Level 3 section 4: a credential id has at most 1023 bytes. */
const CREDENTIAL_ID_BYTES_MAX = 1023;

/** {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}, without x and y. */
const ES256_BEFORE_X = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
const ES256_BEFORE_Y = [0x22, 0x58, 0x20];
/** {1: 1 (OKP), 3: -8 (EdDSA), -1: 6 (Ed25519), -2: x}, without x. */
const ED25519_BEFORE_X = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];

/** Reads authenticator data; null for anything that is not exactly that. Extensions are passed over, unread. */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData | null {
  if (bytes.length < HEAD_BYTES) return null;
  const flags = bytes[32] ?? 0;
  const has = (flag: number) => (flags & flag) !== 0;
  // A key that was backed up although it cannot be is told by something that is no authenticator.
  if (has(FLAG.backedUp) && !has(FLAG.eligible)) return null;
  const attested = has(FLAG.attested) ? parseAttested(bytes.subarray(HEAD_BYTES)) : null;
  if (has(FLAG.attested) && attested === null) return null;
  const end = HEAD_BYTES + (attested?.bytes ?? 0);
  if (has(FLAG.extensions) ? bytes.length <= end : bytes.length !== end) return null;
  return {
    rpIdHash: bytes.subarray(0, 32),
    userPresent: has(FLAG.present),
    userVerified: has(FLAG.verified),
    backupEligible: has(FLAG.eligible),
    backedUp: has(FLAG.backedUp),
    signCount: new DataView(bytes.buffer, bytes.byteOffset).getUint32(33),
    attested: attested?.credential ?? null,
  };
}

function parseAttested(bytes: Uint8Array): {
  readonly credential: NonNullable<AuthenticatorData["attested"]>;
  readonly bytes: number;
} | null {
  const idStart = AAGUID_BYTES + 2;
  if (bytes.length < idStart) return null;
  const idBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint16(AAGUID_BYTES);
  if (idBytes === 0 || idBytes > CREDENTIAL_ID_BYTES_MAX) return null;
  const keyStart = idStart + idBytes;
  const key = parseCoseKey(bytes.subarray(keyStart));
  if (key === null) return null;
  const credentialId = bytes.subarray(idStart, keyStart);
  const credential = { aaguid: bytes.subarray(0, AAGUID_BYTES), credentialId, jwk: key.jwk };
  return { credential, bytes: keyStart + key.bytes };
}

function parseCoseKey(
  bytes: Uint8Array,
): { readonly jwk: PublicJwk; readonly bytes: number } | null {
  const xStart = ES256_BEFORE_X.length;
  const x = base64UrlEncode(bytes.subarray(xStart, xStart + 32));
  const yMark = xStart + 32;
  if (startsWith(bytes, ES256_BEFORE_X) && startsWith(bytes.subarray(yMark), ES256_BEFORE_Y)) {
    const yStart = yMark + ES256_BEFORE_Y.length;
    if (bytes.length < yStart + 32) return null;
    const y = base64UrlEncode(bytes.subarray(yStart, yStart + 32));
    return { jwk: { kty: "EC", crv: "P-256", x, y }, bytes: yStart + 32 };
  }
  if (!startsWith(bytes, ED25519_BEFORE_X) || bytes.length < xStart + 32) return null;
  return { jwk: { kty: "OKP", crv: "Ed25519", x }, bytes: xStart + 32 };
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, at) => bytes[at] === byte);
}
