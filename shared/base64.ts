/**
 * Base64 and base64url, strict in reading: one spelling per byte string, anything else is null.
 * Refuses whitespace, the wrong alphabet, missing or unwanted padding and stray trailing bits.
 * Specification: RFC 4648 sections 3.5, 4 and 5.
 */

/** No six-bit value. */
const UNKNOWN = 255;
const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STANDARD_VALUES = valuesOf(STANDARD);
const URL_SAFE_VALUES = valuesOf(URL_SAFE);

/** base64url without padding. */
export function base64UrlEncode(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/** Reads unpadded base64url; null unless `base64UrlEncode` of the answer is exactly the text. */
export function base64UrlDecode(text: string): Uint8Array | null {
  return decode(text, URL_SAFE_VALUES);
}

/** Standard base64 with padding. */
export function base64Encode(bytes: Uint8Array): string {
  const text = encode(bytes, STANDARD);
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** Reads padded standard base64; null unless `base64Encode` of the answer is exactly the text. */
export function base64Decode(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return decode(text.slice(0, text.length - padding), STANDARD_VALUES);
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const triple =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text += alphabet.charAt(triple >> 18) + alphabet.charAt((triple >> 12) & 63);
    if (left > 1) text += alphabet.charAt((triple >> 6) & 63);
    if (left > 2) text += alphabet.charAt(triple & 63);
  }
  return text;
}

function decode(text: string, values: Uint8Array): Uint8Array | null {
  const { length } = text;
  if (length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let at = 0;
  let held = 0;
  let heldBits = 0;
  for (let index = 0; index < length; index += 1) {
    const value = values[text.charCodeAt(index)] ?? UNKNOWN;
    if (value === UNKNOWN) return null;
    held = (held << 6) | value;
    heldBits += 6;
    if (heldBits >= 8) {
      heldBits -= 8;
      bytes[at] = held >> heldBits;
      at += 1;
      held &= (1 << heldBits) - 1;
    }
  }
  // Bits left over must be zero, or two texts would name the same bytes.
  return held === 0 ? bytes : null;
}

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(UNKNOWN);
  for (let value = 0; value < alphabet.length; value += 1) {
    values[alphabet.charCodeAt(value)] = value;
  }
  return values;
}
