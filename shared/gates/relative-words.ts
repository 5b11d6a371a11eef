/**
 * The closed lexicon of relative and subjective words, English and Japanese, and the scan for them.
 * A list and not a model: the same text gives the same words, on every machine and in every replay.
 * Specification: docs/reasons.md, "Relativity".
 */

/** Words with no measure of their own: another reader draws the line elsewhere. */
const UNBOUNDED_ENGLISH = new Set(
  (
    "acceptable adequate apparently appropriate approximately decent fair fine good hopefully " +
    "intuitively likely maybe nice optimal perhaps plausible possibly presumably probably reasonable " +
    "roughly satisfactory seemingly significant soon subjective substantial sufficient suitable"
  ).split(" "),
);
const UNBOUNDED_JAPANESE = [
  "いい感じ",
  "おおよそ",
  "おすすめ",
  "おそらく",
  "お勧め",
  "だいたい",
  "できるだけ",
  "どちら",
  "どっち",
  "どれが",
  "なるべく",
  "たぶん",
  "十分な",
  "妥当",
  "主観",
  "最適",
  "適切",
  "適当",
  "良いか",
  "いいか",
];

/** Words that compare: sound only beside what they compare with. */
const COMPARING_ENGLISH = new Set(
  (
    "best better cheaper cheapest faster fastest higher lower preferable preferred safer safest " +
    "slower superior inferior which worse worst"
  ).split(" "),
);
const COMPARING_JAPANESE = ["より良い", "より安い", "比較", "最良", "優れ"];

/** What names the other side of a comparison, within the same sentence. */
const REFERENCE_ENGLISH = new Set("than versus vs against baseline among".split(" "));
const REFERENCE_JAPANESE = ["に比べ", "と比べ", "と比較", "のうち", "の中で", "基準"];

/** More words than this add nothing to a reason. */
const NAMED_MAX = 8;

export interface RelativeWords {
  /** In order of first appearance, each once, at most 8. */
  readonly unbounded: readonly string[];
  readonly unreferenced: readonly string[];
}

/** Finds the lexicon's words in a text, whatever their case and width. O(length x lexicon). */
export function relativeWords(text: string): RelativeWords {
  const unbounded = new Set<string>();
  const unreferenced = new Set<string>();
  for (const sentence of sentencesOf(text.normalize("NFKC").toLowerCase())) {
    const words = sentence.split(/[^a-z]+/);
    for (const word of words) if (UNBOUNDED_ENGLISH.has(word)) unbounded.add(word);
    for (const word of UNBOUNDED_JAPANESE) if (sentence.includes(word)) unbounded.add(word);
    // A question decides nothing: it asks somebody else to.
    if (sentence.includes("?")) unbounded.add("?");
    if (hasReference(sentence, words)) continue;
    for (const word of words) if (COMPARING_ENGLISH.has(word)) unreferenced.add(word);
    for (const word of COMPARING_JAPANESE) if (sentence.includes(word)) unreferenced.add(word);
  }
  return {
    unbounded: [...unbounded].slice(0, NAMED_MAX),
    unreferenced: [...unreferenced].slice(0, NAMED_MAX),
  };
}

/** Nobody sees them, so nobody may hide a word behind them. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}+/gu;

/** The text as a person sees it: without soft hyphens, zero-width spaces and the like. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, "");
}

function hasReference(sentence: string, words: readonly string[]): boolean {
  return (
    words.some((word) => REFERENCE_ENGLISH.has(word)) ||
    REFERENCE_JAPANESE.some((word) => sentence.includes(word))
  );
}

/** A question mark stays with its sentence; NFKC has made the wide marks narrow but for the ideographic stop. */
function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[?!。])|\.(?=\s|$)|[\n;]/u);
}
