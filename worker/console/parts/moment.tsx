/** Moments and durations for people: the reader's own clock, the exact time on hover and for machines. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

const TICK_MS = 15_000;
const STEPS: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** A moment in the reader's time zone. */
export function Moment({ at }: { at: string }): JSX.Element {
  return (
    <time dateTime={at} title={at}>
      {localText(at)}
    </time>
  );
}

/** How long ago, or how long until; moves on by itself. */
export function Relative({ at }: { at: string }): JSX.Element {
  const now = useNow();
  return (
    <time dateTime={at} title={at}>
      {relativeText(Date.parse(at) - now)}
    </time>
  );
}

/** "in 3 h" or "12 min ago"; the two largest units that say something. */
function relativeText(deltaMs: number): string {
  const text = durationText(Math.abs(deltaMs));
  return deltaMs >= 0 ? `in ${text}` : `${text} ago`;
}

/** A duration of at least a second in its largest unit, two units below three of it. */
function durationText(durationMs: number): string {
  for (const [index, [unitMs, unit]] of STEPS.entries()) {
    if (durationMs < unitMs) continue;
    const whole = Math.floor(durationMs / unitMs);
    const next = STEPS[index + 1];
    const rest = next === undefined ? 0 : Math.floor((durationMs % unitMs) / next[0]);
    return whole < 3 && rest > 0 ? `${whole} ${unit} ${rest} ${next?.[1]}` : `${whole} ${unit}`;
  }
  return "a moment";
}

function localText(at: string): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
