/** The difference of two texts, line by line, for people to read. Pure. */

export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Beyond this many pairs of lines the texts are shown one after the other: a page must not stand still. */
const PAIRS_MAX = 4_000_000;

/** A shortest difference: what must be removed from `before` and added to make `after`. O(lines x lines). */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const old = before.split("\n");
  const young = after.split("\n");
  if (old.length * young.length > PAIRS_MAX)
    return [...marked(old, "removed"), ...marked(young, "added")];
  const common = commonLengths(old, young);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < young.length) {
    const [a = "", b = ""] = [old[i], young[j]];
    if (a === b) {
      lines.push({ kind: "same", text: a });
      i += 1;
      j += 1;
    } else if ((common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0)) {
      lines.push({ kind: "removed", text: a });
      i += 1;
    } else {
      lines.push({ kind: "added", text: b });
      j += 1;
    }
  }
  return [...lines, ...marked(old.slice(i), "removed"), ...marked(young.slice(j), "added")];
}

/** How many lines two tails have in common, by where they begin. */
function commonLengths(old: readonly string[], young: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: old.length + 1 }, () => new Uint32Array(young.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    const [row, below] = [rows[i], rows[i + 1]];
    if (row === undefined || below === undefined) continue;
    for (let j = young.length - 1; j >= 0; j -= 1) {
      row[j] =
        old[i] === young[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

function marked(lines: readonly string[], kind: DiffLine["kind"]): readonly DiffLine[] {
  return lines.map((text) => ({ kind, text }));
}
