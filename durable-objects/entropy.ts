/** Fresh randomness for commands: of requests, of the gateway's reports and of the objects themselves. */

/** 128 random bits as hex; ticket ids derive from them. */
export function createEntropy(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
