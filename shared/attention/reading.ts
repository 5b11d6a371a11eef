/**
 * How fast people read: the one constant that says when a decision came too soon.
 * Source: M. Brysbaert, "How many words do we read per minute? A review and meta-analysis of reading rate",
 * Journal of Memory and Language 109 (2019): 238 words a minute on average for English non-fiction, and
 * 175 to 300 for most adults. The upper end is taken, so that a fast reader is not called a hasty one.
 */
const WORDS_PER_MINUTE = 300;

/** The milliseconds that so many words take a fast reader. */
export function readingMs(words: number): number {
  return (words / WORDS_PER_MINUTE) * 60_000;
}
