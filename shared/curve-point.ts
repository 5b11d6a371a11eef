/**
 * Which byte strings are acceptable public points: Ed25519 (RFC 8032) and P-256 (SEC 1).
 * Arithmetic on public values only, so it need not run in constant time; never give it a secret.
 * Exists because signature libraries accept Ed25519 keys of low order, under which one signature
 * verifies every message.
 */

export type PointFlaw = "key_malformed" | "key_low_order" | "key_non_canonical";

const ED_P = 2n ** 255n - 19n;
/** -121665/121666 mod p. */
const ED_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const P256_P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** The flaw of a 32-byte compressed Ed25519 point, or null when it may serve as a public key. */
export function ed25519PointFlaw(bytes: Uint8Array): PointFlaw | null {
  if (bytes.length !== 32) return "key_malformed";
  const littleEndian = bytesToInteger(Uint8Array.from(bytes).reverse());
  const y = littleEndian & (2n ** 255n - 1n);
  if (y >= ED_P) return "key_non_canonical";
  if (!isSquare(edXSquared(y))) return "key_malformed";
  // Three doublings send exactly the eight points of low order to the neutral point (0, 1).
  const eightfold = edDoubleY(edDoubleY(edDoubleY(y)));
  return eightfold === 1n ? "key_low_order" : null;
}

/** The flaw of a P-256 point given by its two 32-byte big-endian coordinates, or null. */
export function p256PointFlaw(xBytes: Uint8Array, yBytes: Uint8Array): PointFlaw | null {
  if (xBytes.length !== 32 || yBytes.length !== 32) return "key_malformed";
  const x = bytesToInteger(xBytes);
  const y = bytesToInteger(yBytes);
  if (x >= P256_P || y >= P256_P) return "key_non_canonical";
  const onCurve = mod(y * y - (x * x * x - 3n * x + P256_B), P256_P) === 0n;
  return onCurve ? null : "key_malformed";
}

/** x^2 = (y^2 - 1) / (d y^2 + 1); the divisor is never zero because -1/d is no square. */
function edXSquared(y: bigint): bigint {
  const ySquared = mod(y * y, ED_P);
  return mod((ySquared - 1n) * inverse(ED_D * ySquared + 1n), ED_P);
}

/** The y of 2P from the y of P: doubling needs x only squared. */
function edDoubleY(y: bigint): bigint {
  const ySquared = mod(y * y, ED_P);
  const xSquared = edXSquared(y);
  return mod((ySquared + xSquared) * inverse(1n - ED_D * xSquared * ySquared), ED_P);
}

function isSquare(value: bigint): boolean {
  return value === 0n || power(value, (ED_P - 1n) / 2n) === 1n;
}

function inverse(value: bigint): bigint {
  return power(mod(value, ED_P), ED_P - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = mod(result * square, ED_P);
    square = mod(square * square, ED_P);
  }
  return result;
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function bytesToInteger(bytes: Uint8Array): bigint {
  let integer = 0n;
  for (const byte of bytes) integer = (integer << 8n) | BigInt(byte);
  return integer;
}
