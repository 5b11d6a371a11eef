/**
 * Certification: what follows from its inputs is certified, and a trace that somebody changed and hashed
 * anew is caught at the first event that does not follow. Source: docs/replay.md.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { GATES } from "../../shared/gates/index.ts";
import { certifyReplay, createCertifier, stateHash } from "../../shared/mission/index.ts";
import { isInput } from "../../shared/mission/recorded-command.ts";
import { EMPTY_HEAD, linkEvent, type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";
import { evidence, keyPair, person, signStatement, TICKET_KEY } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { GOLDEN_STORIES, tell } from "../support/golden-stories.ts";
import { planGene, planOf, policyOf } from "../support/random-plan.ts";
import { commandFor, stepGene } from "../support/random-step.ts";
import { createRun } from "../support/scenario.ts";

const KEYS = { ticketKeys: new Map([[TICKET_KEY.kid, TICKET_KEY.publicJwk]]) };
const STORIES = Object.entries(GOLDEN_STORIES).map(([name, story]) => ({
  name,
  events: JSON.parse(JSON.stringify(tell(story()).events)) as readonly TraceEvent[],
}));

/** The trace with another list of events, every one of them linked and hashed as if it had been so. */
function rehashed(events: readonly TraceEvent[]): readonly TraceEvent[] {
  let head = EMPTY_HEAD;
  return events.map((event) => {
    const linked = linkEvent(head, event.missionId, placed(event, head));
    head = linked;
    return linked;
  });
}

/** A forger also moves a ticket's place along, though nobody can sign it anew. */
function placed(event: TraceEvent, head: { seq: number; hash: string }): TraceEvent {
  if (event.type !== "ticket.issued") return event;
  const claims = {
    ...(event.data["claims"] as object),
    trace_seq: head.seq,
    trace_hash: head.hash,
  };
  return { ...event, data: { ...event.data, claims } };
}

type Change = (event: TraceEvent) => Partial<Record<keyof TraceEvent, unknown>>;

function forged(events: readonly TraceEvent[], seq: number, change: Change) {
  return rehashed(
    events.map((event) =>
      event.seq === seq ? ({ ...event, ...change(structuredClone(event)) } as TraceEvent) : event,
    ),
  );
}

/** The seq at which a forgery is caught; fails when its chain is not sound, since then it proves nothing. */
function caughtAt(events: readonly TraceEvent[], options = {}): number | null {
  expect(verifyTrace(events).ok).toBe(true);
  const certified = certifyReplay(events, options);
  return certified.certified ? null : certified.seq;
}

type Leaf = readonly (string | number)[];

function leavesOf(value: unknown, at: Leaf = []): readonly Leaf[] {
  if (typeof value !== "object" || value === null) return [at];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...at, key]));
}

function withLeaf(value: unknown, [key, ...rest]: Leaf): unknown {
  if (key === undefined) return otherThan(value);
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[key] = withLeaf(copy[key], rest);
  return copy;
}

function otherThan(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (value === null) return { verdict: "allow", score: 0, reasons: [], gates: [] };
  return `${String(value)}x`;
}

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

/** A forger moves a ticket's place along; an event of the mission has no node to be moved to another. */
function isLeftOut(event: TraceEvent, place: string): boolean {
  return /claims\.trace_(seq|hash)$/.test(place) || (place === "nodeId" && event.nodeId === null);
}

function eventsOf(name: string): readonly TraceEvent[] {
  const story = STORIES.find((candidate) => candidate.name === name);
  if (!story) throw new Error(`there is no story ${name}`);
  return story.events;
}

function find(name: string, test: (event: TraceEvent) => boolean): TraceEvent {
  const event = eventsOf(name).find(test);
  if (!event) throw new Error(`${name} has no such event`);
  return event;
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
    expect(gates).toBeGreaterThan(500);
  });

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
    expect(types.size).toBeGreaterThanOrEqual(15);
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
  });
});

describe("an input that was changed", () => {
  const mallory = person("mallory");

  /** What is forged, in which story, and how many events later the trace stops following. */
  const cases: readonly (readonly [
    string,
    keyof typeof GOLDEN_STORIES,
    (e: TraceEvent) => boolean,
    Change,
    number,
  ])[] = [
    [
      "evidence that does not give its hash",
      "amended",
      (e) => e.type === "evidence.submitted",
      (e) => ({ data: { bundle: { ...(e.data["bundle"] as object), claims: [] } } }),
      0,
    ],
    [
      "evidence of another bundle than the event names",
      "amended",
      (e) => e.type === "evidence.submitted",
      () => ({ data: { bundle: evidence("brief", { expiresAt: "2027-01-01T00:00:00.000Z" }) } }),
      0,
    ],
    [
      "evidence sent by another",
      "amended",
      (e) => e.type === "evidence.submitted",
      () => ({ actor: { kind: "agent", id: "mallory" } }),
      0,
    ],
    [
      "arguments",
      "amended",
      (e) => e.type === "proposal.submitted" && e.nodeId === "switch",
      (e) => ({ data: withLeaf(e.data, ["proposal", "action", "args", "vendor"]) }),
      0,
    ],
    [
      "the proposer of a proposal",
      "amended",
      (e) => e.type === "proposal.submitted",
      () => ({ actor: { kind: "agent", id: "mallory" } }),
      0,
    ],
    [
      "a banned agent's ban",
      "troubled",
      (e) => e.type === "proposal.refused" && e.data["proposal"] !== null,
      (e) => ({ data: withLeaf(e.data, ["proposal", "agent", "banned"]) }),
      0,
    ],
    [
      "what an unknown agent proposed",
      "troubled",
      (e) => e.type === "proposal.refused",
      (e) => ({ data: { ...e.data, asked: { ...(e.data["asked"] as object), rationale: "" } } }),
      0,
    ],
    [
      "a refusal that hides what was proposed",
      "troubled",
      (e) => e.type === "proposal.refused",
      ({ data: { asked: _asked, ...data } }) => ({ data }),
      0,
    ],
    [
      "a signature",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({ approvalSignature: `${e.approvalSignature?.slice(0, -4)}AAAA` }),
      0,
    ],
    [
      "an approver",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({
        data: { ...e.data, approver: "mallory" },
        actor: { kind: "human", id: "mallory" },
      }),
      0,
    ],
    [
      "a signature by another key, which is recorded with it",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({
        data: { ...e.data, kid: mallory.keys[0].kid, jwk: mallory.keys[0].publicJwk },
      }),
      0,
    ],
    [
      "a key that is not its kid's",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({ data: { ...e.data, jwk: mallory.keys[0].publicJwk } }),
      0,
    ],
    [
      "a statement about something else",
      "amended",
      (e) => e.type === "approval.granted",
      () => ({ approvalSignature: signStatement({ decision: "approve" }, person("ann").keys[0]) }),
      0,
    ],
    [
      "a denial into an approval",
      "troubled",
      (e) => e.type === "approval.denied",
      () => ({ type: "approval.granted", gateResult: null }),
      0,
    ],
    [
      "a quorum count",
      "amended",
      (e) => e.type === "approval.granted",
      (e) => ({ data: withLeaf(e.data, ["have"]) }),
      0,
    ],
    [
      "failed tests into passed ones",
      "troubled",
      (e) => e.type === "result.submitted",
      (e) => ({ data: withLeaf(e.data, ["result", "tests", 0, "passed"]) }),
      1,
    ],
    [
      "who a result is of",
      "troubled",
      (e) => e.type === "result.submitted",
      (e) => ({ data: withLeaf(e.data, ["result", "by"]) }),
      0,
    ],
    [
      "an unknown outcome into a success",
      "troubled",
      (e) => e.type === "receipt.recorded",
      (e) => ({
        data: { ...e.data, receipt: { ...(e.data["receipt"] as object), outcome: "succeeded" } },
      }),
      1,
    ],
    [
      "a receipt's ticket",
      "amended",
      (e) => e.type === "receipt.recorded",
      (e) => ({ data: withLeaf(e.data, ["receipt", "jti"]) }),
      0,
    ],
    [
      "the number of re-sends",
      "troubled",
      (e) => e.type === "receipt.recorded",
      (e) => ({ data: withLeaf(e.data, ["resends"]) }),
      0,
    ],
    [
      "a replayed ticket into an expected duplicate",
      "troubled",
      (e) => e.type === "ticket.denied",
      () => ({ type: "ticket.duplicate" }),
      0,
    ],
    [
      "an expected duplicate into an attack",
      "troubled",
      (e) => e.type === "ticket.duplicate",
      () => ({ type: "ticket.denied" }),
      0,
    ],
    [
      "a pause into a stop",
      "troubled",
      (e) => e.type === "mission.paused",
      () => ({ type: "mission.stopped", stateAfter: "stopped" }),
      3,
    ],
    [
      "a resumption into a pause",
      "troubled",
      (e) => e.type === "mission.resumed",
      () => ({ type: "mission.paused" }),
      0,
    ],
    [
      "the plan",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["plan", "nodes", 0, "risk"]) }),
      0,
    ],
    [
      "the plan's hash",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["planHash"]) }),
      0,
    ],
    [
      "the policy",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["policy", "document", "rules", 0, "effect"]) }),
      0,
    ],
    [
      "the policy's hash",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["policy", "hash"]) }),
      0,
    ],
    [
      "a mission input",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["inputs", 0, "claims", 0, "confidence"]) }),
      0,
    ],
    [
      "the generation of the rules",
      "amended",
      (e) => e.type === "mission.opened",
      (e) => ({ data: withLeaf(e.data, ["rules"]) }),
      0,
    ],
    [
      "an amendment's nodes",
      "amended",
      (e) => e.type === "amendment.proposed",
      (e) => ({ data: withLeaf(e.data, ["amendment", "nodes", 0, "title"]) }),
      0,
    ],
    [
      "an amendment's risk",
      "amended",
      (e) => e.type === "amendment.proposed",
      (e) => ({ data: withLeaf(e.data, ["risk"]) }),
      0,
    ],
    [
      "who proposed an amendment",
      "amended",
      (e) => e.type === "amendment.proposed" && e.actor.kind === "agent",
      () => ({ actor: { kind: "agent", id: "ann" } }),
      0,
    ],
    [
      "a refused amendment into a proposed one",
      "amended",
      (e) => e.type === "amendment.refused",
      () => ({ type: "amendment.proposed" }),
      0,
    ],
    [
      "the policy that was re-pinned",
      "repinned",
      (e) => e.type === "mission.policy_repinned",
      (e) => ({ data: withLeaf(e.data, ["policy", "document", "rules", 1, "when", 0, "value"]) }),
      0,
    ],
    [
      "the signature of a re-pin",
      "repinned",
      (e) => e.type === "mission.policy_repinned",
      (e) => ({ approvalSignature: `${e.approvalSignature?.slice(0, -4)}AAAA` }),
      0,
    ],
  ];

  test.each(cases)("%s", (_what, story, which, change, later) => {
    const { seq } = find(story, which);
    expect(caughtAt(forged(eventsOf(story), seq, change))).toBe(seq + later);
  });
});

describe("an event that was taken out, repeated or moved", () => {
  test.each(STORIES)("is missed in $name", ({ events }) => {
    for (const event of events.filter((candidate) => !isInput(candidate))) {
      const without = rehashed(events.filter(({ seq }) => seq !== event.seq));
      expect(caughtAt(without), `without ${event.seq} ${event.type}`).toBe(event.seq);
      const twice = rehashed(events.flatMap((e) => (e.seq === event.seq ? [e, e] : [e])));
      expect(caughtAt(twice), `${event.seq} ${event.type} twice`).not.toBeNull();
    }
  });
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
