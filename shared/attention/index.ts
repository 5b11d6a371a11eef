/** The face of attention: how carefully a person decides, measured from what they decided and when. */
export { type Attention, type MeasuredDecision, measureAttention } from "./measure.ts";
export { wordsShown } from "./words.ts";
