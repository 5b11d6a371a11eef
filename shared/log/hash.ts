/**
 * The hashes of a Merkle tree: of a leaf, of an inner node and of nothing, and their spelling as hex.
 * The first byte keeps leaves and nodes apart, so that neither can be passed off as the other.
 * Specification: RFC 6962 section 2.1.
 */
import { sha256Bytes } from "../crypto.ts";

/** SHA-256, 32 bytes; never changed after it was made. */
export type Hash = Uint8Array;

export const HASH_BYTES = 32;

/** The root of a log without entries: SHA-256 of no bytes. */
export const EMPTY_ROOT: Hash = sha256Bytes(new Uint8Array());

const utf8 = new TextEncoder();
const HEX = /^[0-9a-f]{64}$/;

/** The leaf of an entry: SHA-256(0x00 || entry); a text is taken as its UTF-8 bytes. */
export function leafHash(entry: string | Uint8Array): Hash {
  const bytes = typeof entry === "string" ? utf8.encode(entry) : entry;
  const prefixed = new Uint8Array(bytes.length + 1);
  prefixed.set(bytes, 1);
  return sha256Bytes(prefixed);
}

/** An inner node: SHA-256(0x01 || left || right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_BYTES);
  return sha256Bytes(bytes);
}

export function isSameHash(a: Hash, b: Hash): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Lower-case hex, as every hash in JSON is spelled. */
export function hashToHex(hash: Hash): string {
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads 64 lower-case hex digits; null for anything else. */
export function hexToHash(text: string): Hash | null {
  if (!HEX.test(text)) return null;
  return Uint8Array.from({ length: HASH_BYTES }, (_byte, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}
