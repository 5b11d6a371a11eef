/**
 * A software authenticator: makes real passkeys and real answers to both ceremonies, byte for byte as the
 * specification lays them out, with a place to break each of them. Deterministic for Ed25519.
 */
import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import type {
  ApprovalStatement,
  ApproverFacts,
  PasskeySigned,
  RelyingParty,
} from "../../shared/approval/index.ts";
import { challengeOf } from "../../shared/approval/index.ts";
import { jwkThumbprint, type PublicJwk } from "../../shared/crypto.ts";
import { keyPair, person } from "./builders.ts";

const RELYING_PARTY: RelyingParty = {
  id: "sekisho.test",
  origins: ["https://console.sekisho.test"],
};

export interface Passkey {
  readonly credentialId: string;
  readonly kid: string;
  readonly jwk: PublicJwk;
  readonly privateKey: KeyObject;
}

/** A passkey, always the same key for the same name. */
export function passkey(name: string, alg: "ES256" | "EdDSA" = "EdDSA"): Passkey {
  const credentialId = sha256(`credential ${name}`).toString("base64url");
  const jwk = alg === "EdDSA" ? keyPair(`passkey ${name}`).privateJwk : p256Jwk(name);
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  const { d: _secret, kid: _kid, ...publicJwk } = jwk as PublicJwk & { d: string };
  return { credentialId, kid: jwkThumbprint(publicJwk), jwk: publicJwk, privateKey };
}

function p256Jwk(name: string) {
  const ecdh = createECDH("prime256v1");
  const seed = sha256(`passkey ${name}`);
  ecdh.setPrivateKey(seed);
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((b) => b.toString("base64url"));
  return {
    kty: "EC",
    crv: "P-256",
    x: x ?? "",
    y: y ?? "",
    d: seed.toString("base64url"),
  } as const;
}

/** A person of the directory with this passkey as their only key. */
export function passkeyPerson(id: string, key: Passkey, overrides: Partial<ApproverFacts> = {}) {
  const { kid, jwk, credentialId } = key;
  return person(id, { keys: [{ kid, jwk, passkey: { credentialId } }], ...overrides });
}

/** What a broken or hostile authenticator or browser would change. */
export interface Changes {
  readonly type?: string;
  readonly challenge?: string;
  readonly origin?: string;
  readonly client?: object;
  readonly rpId?: string;
  readonly flags?: number;
  readonly signCount?: number;
  readonly extra?: Uint8Array;
}

const USER_PRESENT_AND_VERIFIED = 0x05;

function clientData(type: string, challenge: string, changes: Changes): Buffer {
  const said = {
    type: changes.type ?? type,
    challenge: changes.challenge ?? challenge,
    origin: changes.origin ?? RELYING_PARTY.origins[0],
    crossOrigin: false,
    ...changes.client,
  };
  return Buffer.from(JSON.stringify(said));
}

function authenticatorHead({ rpId, flags, signCount }: Changes, always: number): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(signCount ?? 1);
  return Buffer.concat([
    sha256(rpId ?? RELYING_PARTY.id),
    Buffer.from([(flags ?? USER_PRESENT_AND_VERIFIED) | always]),
    count,
  ]);
}

/** The person signs a statement on their device. */
export function signWithPasskey(
  statement: ApprovalStatement,
  key: Passkey,
  changes: Changes = {},
): PasskeySigned {
  const client = clientData("webauthn.get", challengeOf(statement), changes);
  const head = authenticatorHead(changes, 0);
  const data = Buffer.concat([head, changes.extra ?? Buffer.alloc(0)]);
  const message = Buffer.concat([data, sha256(client)]);
  const isEc = key.jwk.kty === "EC";
  const assertion = {
    credentialId: key.credentialId,
    clientDataJSON: client.toString("base64url"),
    authenticatorData: data.toString("base64url"),
    signature: sign(isEc ? "sha256" : null, message, key.privateKey).toString("base64url"),
  };
  return { statement, assertion, relyingParty: RELYING_PARTY };
}

/** The same answer as a browser's `toJSON()` gives it. */
export function toBrowserJson({ assertion }: PasskeySigned) {
  const { credentialId, ...response } = assertion;
  return {
    id: credentialId,
    rawId: credentialId,
    type: "public-key" as const,
    response,
    clientExtensionResults: {},
  };
}

/** A registration as a browser's `toJSON()` gives it, without attestation. */
export function registerPasskey(key: Passkey, challenge: string, changes: Changes = {}) {
  const id = Buffer.from(key.credentialId, "base64url");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(id.length);
  const attested = Buffer.concat([Buffer.alloc(16), length, id, coseOf(key.jwk)]);
  const head = authenticatorHead(changes, 0x40);
  const data = Buffer.concat([head, attested, changes.extra ?? Buffer.alloc(0)]);
  const client = clientData("webauthn.create", challenge, changes);
  return {
    id: key.credentialId,
    rawId: key.credentialId,
    type: "public-key" as const,
    response: {
      clientDataJSON: client.toString("base64url"),
      authenticatorData: data.toString("base64url"),
      attestationObject: attestationOf(data).toString("base64url"),
      transports: ["internal"],
    },
    clientExtensionResults: {},
  };
}

/** `{fmt: "none", attStmt: {}, authData}` in canonical CBOR. */
function attestationOf(data: Buffer): Buffer {
  const size =
    data.length < 256 ? [0x58, data.length] : [0x59, data.length >> 8, data.length & 255];
  const head = Buffer.from("a363666d74646e6f6e656761747453746d74a0686175746844617461", "hex");
  return Buffer.concat([head, Buffer.from(size), data]);
}

function coseOf(jwk: PublicJwk): Buffer {
  const x = Buffer.from(jwk.x, "base64url");
  if (jwk.kty === "OKP") return Buffer.concat([Buffer.from("a4010103272006215820", "hex"), x]);
  const y = Buffer.from(jwk.y, "base64url");
  return Buffer.concat([
    Buffer.from("a5010203262001215820", "hex"),
    x,
    Buffer.from("225820", "hex"),
    y,
  ]);
}

function sha256(input: string | Uint8Array): Buffer {
  return createHash("sha256").update(input).digest();
}
