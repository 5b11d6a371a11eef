/** How many of how many nodes are DONE. */
import type { JSX } from "preact";

export function Progress({ done, total }: { done: number; total: number }): JSX.Element {
  return (
    <span class="progress">
      <progress value={done} max={Math.max(total, 1)} aria-label={`${done} of ${total} done`} />
      <span>
        {done}/{total}
      </span>
    </span>
  );
}
