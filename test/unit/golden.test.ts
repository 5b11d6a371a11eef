/**
 * Golden traces: recorded once, never edited, since stored traces are not either. Each is verified,
 * folded, checked and certified with the code of today; together they hold every event type.
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

test("together the golden traces hold every event type", () => {
  const every: Readonly<Record<EventType, true>> = {
    "mission.opened": true,
    "mission.policy_repinned": true,
    "mission.paused": true,
    "mission.resumed": true,
    "mission.stopped": true,
    "mission.reset": true,
    "agent.banned": true,
    "node.reset": true,
    "loop.detected": true,
    "mission.sealed": true,
    "mission.completed": true,
    "amendment.proposed": true,
    "amendment.refused": true,
    "mission.amended": true,
    "node.ready": true,
    "node.unblocked": true,
    "node.failed": true,
    "evidence.submitted": true,
    "proposal.submitted": true,
    "proposal.refused": true,
    "gate.evaluated": true,
    "approval.requested": true,
    "approval.granted": true,
    "approval.denied": true,
    "approval.expired": true,
    "approval.voided": true,
    "approval.revoked": true,
    "result.submitted": true,
    "ticket.issued": true,
    "ticket.denied": true,
    "ticket.duplicate": true,
    "ticket.overdue": true,
    "receipt.recorded": true,
    "incident.raised": true,
  };
  const held = new Set(goldens.flatMap(({ golden }) => golden.events.map((event) => event.type)));
  expect(Object.keys(every).filter((type) => !held.has(type))).toEqual([]);
});
