/** The slider over a trace, its marks above it, and the ways to step: by event, by mark, by number. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { TraceEvent } from "../../../shared/trace/index.ts";
import { MARK_KINDS, type Mark, type MarkKind } from "../trace/marks.ts";

/** Height of each kind's row in the strip, and what its ticks are called. */
const ROW = 6;

export function TimeSlider({
  events,
  marks,
  seq,
  onMove,
}: {
  events: readonly TraceEvent[];
  marks: readonly Mark[];
  seq: number;
  onMove: (seq: number) => void;
}): JSX.Element {
  const last = events.length - 1;
  const before = marks.findLast((mark) => mark.seq < seq);
  const after = marks.find((mark) => mark.seq > seq);
  return (
    <section class="card" aria-labelledby="time">
      <h2 id="time">Time</h2>
      <Strip marks={marks} last={last} />
      <input
        type="range"
        min={0}
        max={last}
        value={seq}
        aria-label="Event"
        aria-valuetext={`event ${seq} of ${last}, ${events[seq]?.type ?? ""}`}
        onInput={(event) => onMove(Number(event.currentTarget.value))}
      />
      <p class="actions">
        <Step text="First" to={seq > 0 ? 0 : null} onMove={onMove} />
        <Step text="Back" to={seq > 0 ? seq - 1 : null} onMove={onMove} />
        <span class="seq-now">
          {seq} of {last}
        </span>
        <Step text="On" to={seq < last ? seq + 1 : null} onMove={onMove} />
        <Step text="Last" to={seq < last ? last : null} onMove={onMove} />
        <Step text={markText("Mark before", before)} to={before?.seq ?? null} onMove={onMove} />
        <Step text={markText("Next mark", after)} to={after?.seq ?? null} onMove={onMove} />
      </p>
      <Legend marks={marks} />
    </section>
  );
}

function markText(name: string, mark: Mark | undefined): string {
  return mark === undefined ? name : `${name}: ${mark.kind} at ${mark.seq}`;
}

/** Stays focusable at the ends, so that a keyboard does not lose its place. */
function Step({
  text,
  to,
  onMove,
}: {
  text: string;
  to: number | null;
  onMove: (seq: number) => void;
}): JSX.Element {
  return (
    <button type="button" aria-disabled={to === null} onClick={() => to !== null && onMove(to)}>
      {text}
    </button>
  );
}

/** A row of ticks for each kind. The words are in the legend and on the buttons. */
function Strip({ marks, last }: { marks: readonly Mark[]; last: number }): JSX.Element {
  const paths = useMemo(() => MARK_KINDS.map((kind, row) => pathOf(marks, kind, row)), [marks]);
  return (
    <svg
      class="strip"
      viewBox={`-0.5 0 ${last + 1} ${ROW * MARK_KINDS.length}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {paths.map((path, row) => (
        <path key={MARK_KINDS[row]} class={`mark-${MARK_KINDS[row]}`} d={path} />
      ))}
    </svg>
  );
}

function pathOf(marks: readonly Mark[], kind: MarkKind, row: number): string {
  return marks
    .filter((mark) => mark.kind === kind)
    .map(({ seq }) => `M${seq} ${row * ROW + 1}v${ROW - 2}`)
    .join("");
}

function Legend({ marks }: { marks: readonly Mark[] }): JSX.Element {
  const rows = MARK_KINDS.map((kind) => ({
    kind,
    count: marks.filter((mark) => mark.kind === kind).length,
  }));
  return (
    <ul class="legend">
      {rows.map(({ kind, count }, row) => (
        <li key={kind}>
          <span class={`swatch mark-${kind}`} aria-hidden="true" /> row {row + 1}: {count}{" "}
          {count === 1 ? kind : `${kind}s`}
        </li>
      ))}
    </ul>
  );
}
