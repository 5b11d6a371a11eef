/** States, verdicts, risks and severities as small marks: a sign and a word, and only then a colour. */
import type { JSX } from "preact";

const SIGNS: Readonly<Record<string, string>> = {
  NEW: "○",
  READY: "◎",
  RUNNING: "▶",
  DONE: "✓",
  BLOCKED: "■",
  active: "▶",
  paused: "‖",
  stopped: "■",
  completed: "✓",
  allow: "✓",
  pause: "‖",
  block: "✕",
  seal: "◆",
  open: "●",
  acknowledged: "◐",
  resolved: "✓",
  proposed: "○",
  shadow: "◐",
  retired: "–",
  pending: "‖",
  granted: "✓",
  denied: "✕",
  expired: "✕",
  voided: "–",
  delivered: "✓",
  failed: "✕",
  low: "▁",
  medium: "▃",
  high: "▅",
  critical: "█",
};

/** Which colour a word has; the stylesheet knows these five and plain. */
const TONES: Readonly<Record<string, string>> = {
  READY: "info",
  RUNNING: "info",
  DONE: "good",
  active: "info",
  completed: "good",
  allow: "good",
  pause: "wait",
  paused: "wait",
  BLOCKED: "bad",
  block: "bad",
  stopped: "bad",
  seal: "seal",
  sealed: "seal",
  open: "bad",
  acknowledged: "wait",
  resolved: "good",
  shadow: "info",
  pending: "wait",
  granted: "good",
  denied: "bad",
  expired: "bad",
  delivered: "good",
  failed: "bad",
  medium: "wait",
  high: "bad",
  critical: "bad",
};

/** A word of a closed list with its sign. `label` where the word alone would not say what it is of. */
export function Badge({ word, label }: { word: string; label?: string }): JSX.Element {
  return (
    <span class={`badge tone-${TONES[word] ?? "plain"}`}>
      <span aria-hidden="true">{SIGNS[word] ?? "·"}</span>
      {label === undefined ? null : <span class="quiet-label">{label} </span>}
      {word}
    </span>
  );
}

/** Risk 0 to 4. From 3 on a person decides, so it is set off. */
export function Risk({ risk }: { risk: number }): JSX.Element {
  return <span class={`badge tone-${risk >= 3 ? "wait" : "plain"}`}>risk {risk}</span>;
}
