/** Fresh randomness for commands that the objects give themselves. */

/** 128 random bits as hex. */
export function createEntropy(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
