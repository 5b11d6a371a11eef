/**
 * How much there was to read in a request: its words, as the inbox shows them without opening anything
 * else. Evidence is not counted, only named there, so the count is a lower bound.
 */

/** Letters and digits in a row; a hash, a number, an unbroken line of Chinese count one each. */
const WORD = /[\p{L}\p{N}]+/gu;

/** The words of the texts, and of all keys and values of the JSON values among them. */
export function wordsShown(values: readonly unknown[]): number {
  let words = 0;
  const open = [...values];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "object" && value !== null) {
      // The indices of a list are not shown; the keys of an object are.
      if (!Array.isArray(value)) open.push(...Object.keys(value));
      open.push(...Object.values(value));
    } else if (typeof value === "string") {
      words += value.match(WORD)?.length ?? 0;
    } else if (typeof value === "number" || typeof value === "boolean") {
      words += 1;
    }
  }
  return words;
}
