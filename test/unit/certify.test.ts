/**
 * Certification: what follows from its inputs is certified, and a trace that somebody changed and hashed
 * anew is caught at the first event that does not follow. Source: docs/replay.md.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { GATES } from "../../shared/gates/index.ts";
import { certifyReplay, createCertifier, stateHash } from "../../shared/mission/index.ts";
import { isInput } from "../../shared/mission/recorded-command.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { keyPair, TICKET_KEY } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import {
  caughtAt,
  type Change,
  eventsOf,
  find,
  forged,
  KEYS,
  type Leaf,
  leavesOf,
  rehashed,
  STORIES,
  withLeaf,
} from "../support/forgery.ts";
import { planGene, planOf, policyOf } from "../support/random-plan.ts";
import { commandFor } from "../support/random-step.ts";
import { stepGene } from "../support/random-turn.ts";
import { createRun } from "../support/scenario.ts";

/** The first event of each type and each of its members, over all stories: list places count as one. */
function forgeries() {
  const seen = new Set<string>();
  return STORIES.flatMap(({ name, events }) =>
    events
      .filter((event) => !isInput(event))
      .flatMap((event) =>
        (["data", "gateResult", "stateAfter", "nodeId"] as const).flatMap((member) =>
          leavesOf(event[member]).flatMap((leaf) => {
            const place = [member, ...leaf].join(".");
            const kind = `${event.type} ${place.replaceAll(/\.\d+(?=\.|$)/g, ".*")}`;
            if (seen.has(kind) || isLeftOut(event, place)) return [];
            seen.add(kind);
            return [{ kind, story: name, seq: event.seq, member, leaf }];
          }),
        ),
      ),
  );
}

/**
 * A forger moves a ticket's place along; an event of the mission has no node to be moved to another; and the
 * numbers of a lease are the arbiters' word, which is recorded with the gate as it came. A word that they do
 * not have is caught at the input it came with.
 */
function isLeftOut(event: TraceEvent, place: string): boolean {
  if (place.startsWith("data.lease.fence.") || place === "data.leaseFact.state") return true;
  return /claims\.trace_(seq|hash)$/.test(place) || (place === "nodeId" && event.nodeId === null);
}

describe("a trace that follows from its inputs", () => {
  test("is certified with the state hash it gives, whatever happened in it", () => {
    let gates = 0;
    fc.assert(
      fc.property(planGene, fc.array(stepGene, { maxLength: 60, size: "max" }), (gene, steps) => {
        const run = createRun();
        run.execute(openMission(planOf(gene), { policy: policyOf(gene) }));
        for (const [at, step] of steps.entries()) run.execute(commandFor(step, run, at));
        const certified = certifyReplay(run.events, KEYS);
        if (!certified.certified || !run.state) throw new Error(canonicalJson(certified));
        expect(certified.stateHash).toBe(stateHash(run.state));
        expect(certified).toMatchObject({ exact: true, unjudged: 0 });
        gates += certified.gates;
      }),
      { numRuns: 150 },
    );
    expect(gates).toBeGreaterThan(200);
  }, 60_000);

  test("is certified the same in stretches of any length", () => {
    for (const { events } of STORIES) {
      const certifier = createCertifier(KEYS);
      for (const event of events) certifier.push([event]);
      expect(certifier.finish()).toEqual(certifyReplay(events, KEYS));
    }
  });

  test("is certified without the tickets' key, and not with the wrong one", () => {
    expect(certifyReplay(eventsOf("amended"))).toMatchObject({ certified: true });
    const wrong = { ticketKeys: new Map([[TICKET_KEY.kid, keyPair("another").publicJwk]]) };
    const issued = find("amended", (event) => event.type === "ticket.issued");
    expect(certifyReplay(eventsOf("amended"), wrong)).toMatchObject({
      certified: false,
      seq: issued.seq,
      member: "data.ticket",
    });
  });
});

describe("a trace that was changed and hashed anew is caught at the changed event", () => {
  const cases = forgeries();

  test("the forgeries cover many members of every type that follows from others", () => {
    expect(cases.length).toBeGreaterThan(120);
    const types = new Set(cases.map(({ kind }) => kind.split(" ")[0]));
    expect(types.size).toBeGreaterThanOrEqual(13);
  });

  test.each(cases)("$kind (seq $seq of $story)", ({ story, seq, member, leaf }) => {
    const change: Change = (event) => {
      const value = withLeaf(event[member], leaf);
      return {
        [member]:
          leaf.at(-1) === "verdict" && member === "gateResult" ? flipped(event, leaf) : value,
      };
    };
    expect(caughtAt(forged(eventsOf(story), seq, change), KEYS)).toBe(seq);
  });

  /** The chain knows four verdicts; the forger picks another of them. */
  function flipped(event: TraceEvent, leaf: Leaf): unknown {
    const result = structuredClone(event.gateResult) as unknown as Record<string, unknown>;
    const holder = leaf
      .slice(0, -1)
      .reduce<unknown>((at, key) => (at as typeof result)[key], result);
    const verdicts = holder as { verdict: string };
    verdicts.verdict = verdicts.verdict === "allow" ? "block" : "allow";
    return result;
  }
});

describe("each gate's answer", () => {
  const gates = Object.keys(GATES);

  test.each(gates)("%s: an allow cannot be turned into a block, nor left out", (gate) => {
    const asked = find(
      "amended",
      (event) => event.type === "gate.evaluated" && event.data["phase"] === "entry",
    );
    const swap =
      (verdict: string | null): Change =>
      (event) => ({
        gateResult: {
          ...event.gateResult,
          gates: event.gateResult?.gates.flatMap((entry) =>
            entry.gate !== gate ? [entry] : verdict === null ? [] : [{ ...entry, verdict }],
          ),
        },
      });
    expect(asked.gateResult?.gates.map((entry) => entry.gate)).toContain(gate);
    for (const verdict of ["block", "pause", "seal", null])
      expect(caughtAt(forged(eventsOf("amended"), asked.seq, swap(verdict)))).toBe(asked.seq);
  });

  test("a pause cannot be turned into an allow that runs the node", () => {
    for (const { events } of STORIES)
      for (const { seq } of events.filter(
        ({ type, gateResult }) => type === "gate.evaluated" && gateResult?.verdict !== "allow",
      ))
        expect(
          caughtAt(
            forged(events, seq, (event) => ({
              stateAfter: "RUNNING",
              gateResult: {
                verdict: "allow",
                score: 0,
                reasons: [],
                gates: event.gateResult?.gates.map(({ gate }) => ({ gate, verdict: "allow" })),
              },
            })),
          ),
        ).toBe(seq);
  }, 60_000);
});

describe("an event that was taken out, repeated or moved", () => {
  test.each(STORIES)(
    "is missed in $name",
    ({ events }) => {
      for (const event of events.filter((candidate) => !isInput(candidate))) {
        const without = rehashed(events.filter(({ seq }) => seq !== event.seq));
        // With a gate goes what arbiters granted, so that not even the going on before it follows.
        const lease = event.data["lease"] as { readonly scope?: string } | null | undefined;
        const earliest = lease?.scope === "team" ? event.seq - 1 : event.seq;
        const caught = caughtAt(without);
        expect(caught, `without ${event.seq} ${event.type}`).toBeGreaterThanOrEqual(earliest);
        expect(caught, `without ${event.seq} ${event.type}`).toBeLessThanOrEqual(event.seq);
        const twice = rehashed(events.flatMap((e) => (e.seq === event.seq ? [e, e] : [e])));
        expect(caughtAt(twice), `${event.seq} ${event.type} twice`).not.toBeNull();
      }
    },
    60_000,
  );
});

describe("a trace that is no mission's", () => {
  test("names the first bad seq of a broken chain", () => {
    const events = eventsOf("amended").map((event) =>
      event.seq === 9 ? { ...event, at: "2026-01-01T00:00:09.999Z" } : event,
    );
    expect(certifyReplay(events)).toMatchObject({ certified: false, seq: 9, member: "hash" });
  });

  test.each([
    ["no event at all", []],
    ["no opening", rehashed(eventsOf("amended").slice(1))],
    ["data without its shape", forged(eventsOf("amended"), 0, () => ({ data: { rules: 2 } }))],
  ])("refuses %s", (_what, events) => {
    expect(certifyReplay(events)).toMatchObject({ certified: false, seq: 0 });
  });

  test("an end that was cut off in the middle of a turn is missed", () => {
    const gate = find("amended", (event) => event.type === "ticket.issued");
    expect(caughtAt(eventsOf("amended").slice(0, gate.seq))).toBe(gate.seq);
  });
});
