/**
 * Moving about in a trace gives at every seq the state that folding it anew gives, in whatever order one looks.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHistory, foldTrace, stateHash } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";

const FOLDER = path.join(import.meta.dirname, "../golden");
const goldens = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => {
    const { events } = JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")) as {
      events: TraceEvent[];
    };
    return { file, events };
  });

function hashesOf(events: readonly TraceEvent[]): readonly string[] {
  return events.map((_event, seq) => {
    const state = foldTrace(events.slice(0, seq + 1));
    if (state === null) throw new Error("a trace that begins has a state");
    return stateHash(state);
  });
}

describe.each(goldens)("the history of $file", ({ events }) => {
  const hashes = hashesOf(events);

  it.each([1, 7, 64])(
    "has the fold's state at every seq, in any order, a copy every %i",
    (stride) => {
      const history = createHistory(stride);
      history.push(events);
      const seqs = fc.shuffledSubarray([...events.keys()], { minLength: events.length });
      fc.assert(
        fc.property(seqs, (order) => {
          for (const seq of order) {
            const state = history.stateAt(seq);
            expect(state && stateHash(state)).toBe(hashes[seq]);
          }
        }),
        { numRuns: 3 },
      );
    },
  );

  it("goes on where it was, also after somebody has looked back", () => {
    const history = createHistory(3);
    for (const event of events) {
      history.push([event]);
      history.stateAt(0);
      const state = history.stateAt(event.seq);
      expect(state && stateHash(state)).toBe(hashes[event.seq]);
    }
    expect(history.length()).toBe(events.length);
  });
});

it("there is no state before the beginning and none beyond the end", () => {
  const history = createHistory();
  expect(history.stateAt(0)).toBeNull();
  const [{ events } = { events: [] }] = goldens;
  history.push(events);
  expect(history.stateAt(-1)).toBeNull();
  expect(history.stateAt(events.length)).toBeNull();
});

it("events out of their order are a breach", () => {
  const [{ events } = { events: [] }] = goldens;
  expect(() => createHistory().push(events.slice(1))).toThrow("order of their seq");
});
