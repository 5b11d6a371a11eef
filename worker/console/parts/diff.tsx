/** A difference for reading: signs and words at the lines, and only then a colour. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { diffLines, type DiffLine } from "../line-diff.ts";

const SIGNS = { same: " ", removed: "−", added: "+" } as const;
/** Unchanged lines kept around a change. */
const CONTEXT = 3;

export function Diff({
  before,
  after,
  label,
}: {
  before: unknown;
  after: unknown;
  label: string;
}): JSX.Element {
  const lines = useMemo(
    () => diffLines(JSON.stringify(before, null, 2), JSON.stringify(after, null, 2)),
    [before, after],
  );
  const changed = lines.filter(({ kind }) => kind !== "same").length;
  if (changed === 0) return <p>There is no difference.</p>;
  return (
    <pre class="json diff" tabIndex={0} role="region" aria-label={label}>
      {nearChanges(lines).map((line, at) =>
        line === null ? (
          <span key={at} class="dim">
            {"  …"}
          </span>
        ) : (
          <Line key={at} line={line} />
        ),
      )}
    </pre>
  );
}

function Line({ line: { kind, text } }: { line: DiffLine }): JSX.Element {
  const content = `${SIGNS[kind]} ${text}`;
  if (kind === "added") return <ins>{content}</ins>;
  return kind === "removed" ? <del>{content}</del> : <span>{content}</span>;
}

/** The changed lines with what stands around them; null for what is left out. */
function nearChanges(lines: readonly DiffLine[]): readonly (DiffLine | null)[] {
  const near = new Set<number>();
  for (const [at, { kind }] of lines.entries()) {
    if (kind === "same") continue;
    for (let by = -CONTEXT; by <= CONTEXT; by += 1) near.add(at + by);
  }
  return lines.flatMap((line, at) => {
    if (near.has(at)) return [line];
    return near.has(at - 1) || at === 0 ? [null] : [];
  });
}
