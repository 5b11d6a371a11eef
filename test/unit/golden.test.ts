/**
 * Golden traces: recorded once, never edited, since stored traces are not either. Each is verified,
 * folded, checked and certified with the code of today; together they hold every event and every
 * member of its data.
 * `GOLDEN_RECORD=1` records what is missing, and nothing that is there.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { PublicJwk } from "../../shared/crypto.ts";
import {
  certifyReplay,
  type EventType,
  foldTrace,
  replayTrace,
  stateHash,
} from "../../shared/mission/index.ts";
import { type Head, type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";
import { TICKET_KEY } from "../support/builders.ts";
import { EVENT_MEMBERS, THINGS } from "../support/event-members.ts";
import { placesIn, placesOf } from "../support/event-places.ts";
import { GOLDEN_STORIES, tell } from "../support/golden-stories.ts";
import { checkInvariants } from "../support/invariants.ts";

interface Golden {
  readonly stateHash: string;
  readonly head: Head;
  readonly ticketKey: PublicJwk;
  readonly events: readonly TraceEvent[];
}

const FOLDER = path.join(import.meta.dirname, "../golden");

if (process.env["GOLDEN_RECORD"] === "1") {
  for (const [name, story] of Object.entries(GOLDEN_STORIES)) {
    const file = path.join(FOLDER, `${name}.v3.json`);
    if (existsSync(file)) continue;
    const { events, state } = tell(story());
    if (!state) throw new Error("a story opens a mission");
    const ticketKey = TICKET_KEY.publicJwk;
    const golden = { stateHash: stateHash(state), head: state.head, ticketKey, events };
    writeFileSync(file, `${JSON.stringify(golden, null, 1)}\n`);
  }
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
const goldens = files.map((file) => ({
  file,
  golden: JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")) as Golden,
}));

describe.each(goldens)("the golden trace $file", ({ file, golden }) => {
  const { events, head, ticketKey } = golden;

  test("verifies to its recorded head", () => {
    expect(verifyTrace(events, { expectedHead: head })).toMatchObject({ ok: true });
  });

  test("folds to its recorded state hash", () => {
    const replayed = replayTrace(events, null);
    expect(replayed.ok && replayed.value.stateHash).toBe(golden.stateHash);
  });

  test("keeps every invariant, signatures included", () => {
    const state = foldTrace(events);
    expect(state && checkInvariants(events, state, { ticketKey })).toEqual([]);
  });

  test("is certified: the same root comes out of its inputs", () => {
    const certified = certifyReplay(events, {
      ticketKeys: new Map([[TICKET_KEY.kid, TICKET_KEY.publicJwk]]),
    });
    expect(certified).toMatchObject({ certified: true, stateHash: golden.stateHash, head });
    expect(certified).toMatchObject({ exact: file.endsWith(".v3.json"), unjudged: 0 });
  });
});

test("a story told again gives the trace that was recorded", () => {
  for (const [name, story] of Object.entries(GOLDEN_STORIES)) {
    const recorded = goldens.find(({ file }) => file === `${name}.v3.json`)?.golden;
    expect(tell(story()).events.at(-1)?.hash, name).toBe(recorded?.head.hash);
  }
});

test("together the golden traces of this generation hold every member of every event", () => {
  const held = new Set(
    goldens
      .filter(({ file }) => file.endsWith(".v3.json"))
      .flatMap(({ golden }) => golden.events)
      .flatMap(({ type, data }) => placesIn(data, EVENT_MEMBERS[type as EventType], type)),
  );
  const places = [...Object.entries(EVENT_MEMBERS), ...Object.entries(THINGS)].flatMap(
    ([name, members]) => placesOf(members, name),
  );
  expect(places.filter((place) => !held.has(place))).toEqual([]);
});
