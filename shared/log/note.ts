/**
 * Signed notes: a text, a blank line, and signature lines by named Ed25519 keys; and the one-line spelling
 * of such a key (`vkey`). Reads strictly, because a note is signed text; knows the plain signature (0x01)
 * and the timestamped cosignature (0x04), and ignores every other, as the format asks.
 * Specification: c2sp.org/signed-note, c2sp.org/tlog-cosignature.
 */
import {
  base64Decode,
  base64Encode,
  base64UrlDecode,
  base64UrlEncode,
  checkPublicJwk,
  sha256Bytes,
  signEd25519,
  verifySignature,
  type Ed25519PublicJwk,
  type PrivateJwk,
} from "../crypto.ts";
import { invariant } from "../invariant.ts";
import { err, ok, type Result } from "../result.ts";

/** What a key signs: the note's text, or the text below a timestamp. */
export type NoteKeyKind = "signature" | "cosignature";

/** A public key that may sign notes under one name. */
export interface NoteKey {
  readonly name: string;
  readonly kind: NoteKeyKind;
  readonly publicJwk: Ed25519PublicJwk;
}

export interface NoteSignature {
  readonly name: string;
  /** The first four bytes, as eight hex digits. */
  readonly keyId: string;
  /** What follows the key id. */
  readonly bytes: Uint8Array;
}

export interface SignedNote {
  /** With its final newline, without the blank line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export type NoteReject = {
  readonly reason: "note_malformed" | "note_unsigned" | "signature_invalid" | "vkey_malformed";
  readonly detail: string;
};

const TYPE_BYTE = { signature: 0x01, cosignature: 0x04 } as const satisfies Record<
  NoteKeyKind,
  number
>;
const EM_DASH = "\u2014";
const NAME = /^[^\s+]+$/u;
// eslint-disable-next-line no-control-regex -- the format forbids exactly these
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
/** A note carries one log's signature and its witnesses'; the format asks for 16 at least. */
const SIGNATURES_MAX = 64;
const NOTE_CHARS_MAX = 64 * 1024;
const KEY_ID_BYTES = 4;
const TIMESTAMP_BYTES = 8;

const utf8 = new TextEncoder();

/** Reads a note without believing it. Errors: `note_malformed`. */
export function parseNote(note: string): Result<SignedNote, NoteReject> {
  const malformed = (detail: string) => err({ reason: "note_malformed", detail } as const);
  if (note.length > NOTE_CHARS_MAX) return malformed("the note is too long");
  if (CONTROL.test(note)) return malformed("the note holds a control character");
  // The text may hold blank lines itself; the last one parts it from the signatures.
  const blank = note.lastIndexOf("\n\n");
  if (blank < 0 || !note.endsWith("\n")) return malformed("no blank line before the signatures");
  const lines = note.slice(blank + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return malformed("too many signatures");
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === null) return malformed("a line after the blank one is no signature");
    signatures.push(signature);
  }
  return ok({ text: note.slice(0, blank + 1), signatures });
}

function parseSignatureLine(line: string): NoteSignature | null {
  const [dash, name = "", base64 = "", ...more] = line.split(" ");
  if (dash !== EM_DASH || !NAME.test(name) || more.length > 0) return null;
  const bytes = base64Decode(base64);
  if (bytes === null || bytes.length <= KEY_ID_BYTES) return null;
  return { name, keyId: toHex(bytes.subarray(0, KEY_ID_BYTES)), bytes: bytes.slice(KEY_ID_BYTES) };
}

/** The text of a note with these signatures, in order. */
export function formatNote({ text, signatures }: SignedNote): string {
  return `${text}\n${signatures.map((signature) => `${signatureLine(signature)}\n`).join("")}`;
}

function signatureLine({ name, keyId, bytes }: NoteSignature): string {
  return `${EM_DASH} ${name} ${base64Encode(concat(fromHex(keyId), bytes))}`;
}

/** Signs a text that ends in a newline. */
export function signNote(text: string, name: string, key: PrivateJwk): NoteSignature {
  assertSignable(text, name);
  const keyId = keyIdOf({ name, kind: "signature", publicJwk: publicPart(key) });
  return { name, keyId, bytes: signEd25519(key, utf8.encode(text)) };
}

/** Signs a text together with the time of signing, whole seconds since the epoch. */
export function cosignNote(
  text: string,
  name: string,
  key: PrivateJwk,
  unixSeconds: number,
): NoteSignature {
  assertSignable(text, name);
  invariant(
    Number.isSafeInteger(unixSeconds) && unixSeconds >= 0,
    "a cosignature's time is whole seconds since the epoch",
  );
  const timestamp = new Uint8Array(TIMESTAMP_BYTES);
  new DataView(timestamp.buffer).setBigUint64(0, BigInt(unixSeconds));
  const keyId = keyIdOf({ name, kind: "cosignature", publicJwk: publicPart(key) });
  const signature = signEd25519(key, cosignedMessage(text, BigInt(unixSeconds)));
  return { name, keyId, bytes: concat(timestamp, signature) };
}

/**
 * Whether the key signed the note. `at` is a cosignature's time in seconds, null for a plain signature.
 * Errors: `note_unsigned` where the key signed nothing here; `signature_invalid` where a signature under
 * its name and id does not verify, even if another one does.
 */
export function verifyNote(
  note: SignedNote,
  key: NoteKey,
): Result<{ readonly at: number | null }, NoteReject> {
  const keyId = keyIdOf(key);
  const own = note.signatures.filter(
    (signature) => signature.name === key.name && signature.keyId === keyId,
  );
  const [first] = own;
  if (first === undefined) {
    return err({ reason: "note_unsigned", detail: `there is no signature of ${key.name}` });
  }
  if (!own.every(({ bytes }) => isSignedBy(note.text, key, bytes))) {
    return err({
      reason: "signature_invalid",
      detail: `the signature of ${key.name} does not verify`,
    });
  }
  return ok({ at: key.kind === "signature" ? null : Number(timestampOf(first.bytes)) });
}

function isSignedBy(text: string, key: NoteKey, bytes: Uint8Array): boolean {
  if (key.kind === "signature") {
    return verifySignature(key.publicJwk, "EdDSA", utf8.encode(text), bytes);
  }
  if (bytes.length <= TIMESTAMP_BYTES) return false;
  const timestamp = timestampOf(bytes);
  if (timestamp > BigInt(Number.MAX_SAFE_INTEGER)) return false;
  const message = cosignedMessage(text, timestamp);
  return verifySignature(key.publicJwk, "EdDSA", message, bytes.slice(TIMESTAMP_BYTES));
}

function cosignedMessage(text: string, unixSeconds: bigint): Uint8Array {
  return utf8.encode(`cosignature/v1\ntime ${unixSeconds}\n${text}`);
}

function timestampOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
}

/** The key's one-line spelling: `<name>+<key id>+<base64 of type and key>`. */
export function formatVkey(key: NoteKey): string {
  return `${key.name}+${keyIdOf(key)}+${base64Encode(typedKey(key))}`;
}

/** Reads a vkey. Errors: `vkey_malformed`, also for an id that is not the key's and for a weak key. */
export function parseVkey(vkey: string): Result<NoteKey, NoteReject> {
  const malformed = (detail: string) => err({ reason: "vkey_malformed", detail } as const);
  const [, name = "", keyId = "", base64 = ""] =
    /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(vkey) ?? [];
  if (name === "") return malformed("a vkey is <name>+<8 hex digits>+<base64>");
  const bytes = base64Decode(base64);
  const kind = bytes?.[0] === 0x01 ? "signature" : bytes?.[0] === 0x04 ? "cosignature" : null;
  if (bytes === null || kind === null) return malformed("the key is no Ed25519 key");
  const x = base64UrlEncode(bytes.subarray(1));
  const publicJwk = checkPublicJwk({ kty: "OKP", crv: "Ed25519", x });
  if (!publicJwk.ok || publicJwk.value.kty !== "OKP")
    return malformed("the key may not be trusted");
  const key: NoteKey = { name, kind, publicJwk: publicJwk.value };
  return keyIdOf(key) === keyId ? ok(key) : malformed("the key id is not this key's");
}

/** The public half of a signing key under a name. */
export function noteKey(name: string, kind: NoteKeyKind, key: PrivateJwk): NoteKey {
  return { name, kind, publicJwk: publicPart(key) };
}

/** Whether a text may name a key. */
export function isKeyName(name: string): boolean {
  return NAME.test(name) && !CONTROL.test(name);
}

function keyIdOf(key: NoteKey): string {
  const hashed = sha256Bytes(concat(utf8.encode(`${key.name}\n`), typedKey(key)));
  return toHex(hashed.subarray(0, KEY_ID_BYTES));
}

function typedKey({ kind, publicJwk }: NoteKey): Uint8Array {
  const x = base64UrlDecode(publicJwk.x);
  invariant(x !== null, "a key's point is base64url");
  return concat(Uint8Array.of(TYPE_BYTE[kind]), x);
}

function publicPart({ kty, crv, x }: PrivateJwk): Ed25519PublicJwk {
  return { kty, crv, x };
}

function assertSignable(text: string, name: string): void {
  invariant(text.endsWith("\n") && !CONTROL.test(text), "a note's text is lines");
  invariant(isKeyName(name), "a key's name holds neither spaces nor plus");
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
