/**
 * The Architect: coordinates, the choice among the four patterns, and boundaries between zones, each
 * against values worked out by hand. Source: docs/architect.md.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CONFLICT_PATTERNS,
  type Coordinate,
  type SliceWriter,
  choosePattern,
  containsCoordinate,
  formatCoordinate,
  isZone,
  leaseFlaw,
  parseCoordinate,
  zoneOf,
} from "../../shared/architect/index.ts";
import { type PlanInput, compilePlan, planSchema } from "../../shared/plan/index.ts";
import { approval, decision, execution, planOf, system, wrongs } from "../support/plans.ts";

function coordinate(text: string): Coordinate {
  const parsed = parseCoordinate(text);
  if (!parsed.ok) throw new Error(parsed.error.detail);
  return parsed.value;
}

describe("a coordinate", () => {
  test.each([
    ["acme", null, false],
    ["acme/retail/care", null, false],
    ["acme/retail/care/refunds", "acme/retail/care/refunds", true],
    ["acme/retail/care/refunds/agent.cashier", "acme/retail/care/refunds", false],
    ["acme/retail/care/refunds/agent/more", null, false],
    ["acme//care/refunds", null, false],
    ["acme/retail/care/ refunds", null, false],
    ["", null, false],
    ["refunds desk", null, false],
  ])("%j is bound to the zone %j", (text, zone, exact) => {
    expect(zoneOf(text)).toBe(zone);
    expect(isZone(text)).toBe(exact);
  });

  test("is written as it was read", () => {
    const segment = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        expect(formatCoordinate(coordinate(segments.join("/")))).toBe(segments.join("/"));
      }),
    );
  });

  test.each([
    ["a/b", "a/b/c/d", true],
    ["a/b", "a/b", true],
    ["a/b", "a/bc/d", false],
    ["a/b/c", "a/b", false],
  ])("%s contains %s: %s", (outer, inner, expected) => {
    expect(containsCoordinate(coordinate(outer), coordinate(inner))).toBe(expected);
  });

  test("names the segment that is none", () => {
    expect(parseCoordinate("a/b//d")).toEqual({
      ok: false,
      error: { reason: "coordinate_malformed", detail: 'the planet of "a/b//d" is no name' },
    });
  });
});

const writer = (id: string, rest: Partial<SliceWriter> = {}): SliceWriter => ({
  id,
  kind: "decision",
  risk: 1,
  ...rest,
});

/** Pairs `a b` that reach each other, closed by hand. */
function choose(writers: readonly SliceWriter[], reached: readonly string[]) {
  return choosePattern("doc#x", writers, (from, to) =>
    reached.includes(`${writers[from]?.id} ${writers[to]?.id}`),
  );
}

describe("the pattern of a slice", () => {
  const run = (id: string, rest: Partial<SliceWriter> = {}) =>
    writer(id, { kind: "execution", ...rest });

  test.each([
    ["one writer", [writer("a")], [], "partition"],
    ["writers in a chain", [run("a"), run("b"), run("c")], ["a b", "b c"], "partition"],
    [
      "two decisions before one that merges",
      [writer("a"), writer("b"), run("m")],
      ["a m", "b m"],
      "propose-merge",
    ],
    [
      "an execution before the merger",
      [run("a"), writer("b"), writer("m")],
      ["a m", "b m"],
      "lease",
    ],
    ["a writer beside the merger", [writer("a"), writer("b"), writer("m")], ["a m"], "lease"],
    ["two at the same time", [run("a"), run("b")], [], "lease"],
    ["risk 3 at the same time", [run("a"), run("b", { risk: 3 })], [], "human"],
    ["an approval that would write", [writer("a", { kind: "approval" }), run("b")], [], "human"],
    ["two zones", [run("a", { zone: "u/g/p/1" }), run("b", { zone: "u/g/p/2" })], [], "human"],
    ["a zone and none", [run("a", { zone: "u/g/p/1" }), run("b")], [], "human"],
    [
      "two labels that are no zones",
      [run("a", { zone: "east" }), run("b", { zone: "west" })],
      [],
      "lease",
    ],
  ] as const)("with %s", (_name, writers, reached, pattern) => {
    expect(choose(writers, reached)).toMatchObject({ pattern });
  });

  test("says who merges, and whom a person keeps apart", () => {
    expect(choose([writer("a"), writer("b"), writer("m")], ["a m", "b m"])).toEqual({
      slice: "doc#x",
      pattern: "propose-merge",
      writers: ["a", "b", "m"],
      merger: "m",
      why: "every other writer is a decision that ends before m: they propose, m alone writes",
    });
    const risky = [run("a", { risk: 4 }), run("b"), run("c")];
    expect(choose(risky, ["b c"])).toMatchObject({ arbitrations: [["a", "b"]] });
  });

  test("that could not be decided is no pattern", () => {
    expect(choosePattern("doc#x", [run("a"), run("b")], () => "too_large")).toBe("too_large");
  });

  test("is always the strongest whose condition holds", () => {
    const anyWriter = fc.record({
      kind: fc.constantFrom("decision", "execution", "approval"),
      risk: fc.integer({ min: 0, max: 4 }),
      zone: fc.constantFrom("u/g/p/1", "u/g/p/2", undefined),
    });
    const scene = fc.record({
      traits: fc.array(anyWriter, { minLength: 1, maxLength: 5 }),
      pairs: fc.uniqueArray(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 }))),
    });
    // Chance rarely makes three proposers and a merger, so one scene of them is always there.
    const proposers = Array.from({ length: 3 }, () => ({
      kind: "decision" as const,
      risk: 1,
      zone: undefined,
    }));
    const merging = {
      traits: proposers,
      pairs: [[0, 2] as [number, number], [1, 2] as [number, number]],
    };
    const counted = new Set<string>();
    fc.assert(
      fc.property(scene, ({ traits, pairs }) => {
        const writers = traits.map((rest, at) => writer(`w${at}`, rest));
        const reaches = closure(writers.length, pairs);
        const choice = choosePattern("doc#x", writers, reaches);
        if (choice === "too_large") throw new Error("nothing here is too large");
        expect(choice.pattern).toBe(strongest(writers, reaches));
        counted.add(choice.pattern);
      }),
      { numRuns: 2_000, examples: [[merging]] },
    );
    expect(counted).toEqual(new Set(CONFLICT_PATTERNS));
  });
});

/** Forward reachability over the pairs, by the definition. */
function closure(count: number, pairs: readonly (readonly [number, number])[]) {
  const reach = Array.from({ length: count }, () => new Set<number>());
  for (const [a, b] of pairs) if (a < b && b < count) reach[a]?.add(b);
  for (let k = 0; k < count; k += 1)
    for (const set of reach)
      for (const mid of set) for (const far of reach[mid] ?? []) set.add(far);
  return (from: number, to: number) => reach[from]?.has(to) === true;
}

/** The conditions as the document states them, over every pair and not only neighbours. */
function strongest(
  writers: readonly SliceWriter[],
  reaches: (from: number, to: number) => boolean,
): string {
  const at = writers.map((_, index) => index);
  const last = writers.length - 1;
  const isOrdered = at.every((i) => at.every((j) => i >= j || reaches(i, j)));
  if (isOrdered) return "partition";
  const others = at.slice(0, last);
  const merges =
    writers[last]?.kind !== "approval" &&
    others.every((i) => writers[i]?.kind === "decision" && reaches(i, last));
  if (merges) return "propose-merge";
  return leaseFlaw(writers) === null ? "lease" : "human";
}

describe("a boundary", () => {
  const [here, there] = ["u/g/p/here", "u/g/p/there"];
  const inZone = (id: string, zone: string) => decision(id, { zone });

  test.each<readonly [string, PlanInput, readonly string[]]>([
    [
      "is crossed by an edge",
      planOf([inZone("a", here), inZone("b", there)], ["a b"]),
      ["boundary_crossed /edges/0"],
    ],
    ["is no boundary within one zone", planOf([inZone("a", here), inZone("b", here)], ["a b"]), []],
    [
      "is no boundary between labels",
      planOf([inZone("a", "east"), inZone("b", "west")], ["a b"]),
      [],
    ],
    [
      "is passed through an approval node",
      planOf([inZone("a", here), approval("hand"), inZone("b", there)], ["a hand", "hand b"]),
      [],
    ],
    [
      "is not passed beside the approval node",
      planOf(
        [inZone("a", here), approval("hand"), inZone("b", there)],
        ["a hand", "hand b", "a b"],
      ),
      ["boundary_crossed /edges/2"],
    ],
    [
      "is passed through a declared interface, one way",
      planOf([inZone("a", here), inZone("b", there), inZone("c", here)], ["a b", "b c"], {
        zones: [{ zone: here, handsTo: [there] }],
      }),
      ["boundary_crossed /edges/1"],
    ],
    [
      "is not laundered by a node without a zone",
      planOf([inZone("a", here), system("join"), inZone("b", there)], ["a join", "join b"]),
      ["boundary_crossed /edges/1"],
    ],
    [
      "is not laundered by a node where two zones meet",
      planOf(
        [inZone("a", here), inZone("b", there), system("join"), inZone("c", here)],
        ["a join", "b join", "join c"],
      ),
      ["boundary_crossed /edges/2"],
    ],
    [
      "holds for an agent named by its coordinate",
      planOf([decision("a", { zone: here, agents: [`${here}/one`, `${there}/two`] })]),
      ["agent_boundary_crossed /nodes/0/agents/1"],
    ],
    [
      "leaves a skill alone where nothing is registered",
      planOf([decision("a", { zone: here, skill: "any" })]),
      [],
    ],
    [
      "lets an owner write what it owns",
      planOf([execution("a", { zone: here, writeSet: ["ledger#1"] })], [], {
        zones: [{ zone: here, owns: ["ledger"] }],
      }),
      [],
    ],
    [
      "keeps a node without a zone from writing what a zone owns",
      planOf([execution("a", { writeSet: ["ledger#1"] })], [], {
        zones: [{ zone: here, owns: ["ledger#1"] }],
      }),
      ["slice_boundary_crossed /nodes/0/writeSet/0"],
    ],
  ])("%s", (_name, plan, expected) => {
    expect(wrongs(plan)).toEqual(expected);
  });

  test("is where the team registered it, whatever the plan declares of it", () => {
    const plan = planSchema.parse(
      planOf([inZone("a", here), inZone("b", there)], ["a b"], {
        zones: [{ zone: here, handsTo: [there] }],
      }),
    );
    expect(compilePlan(plan).ok).toBe(true);
    const closed = { zone: here, skills: [], owns: [], handsTo: [] };
    const refused = compilePlan(plan, [closed]);
    expect(refused.ok ? [] : refused.error.violations).toEqual([
      {
        code: "boundary_crossed",
        pointer: "/edges/0",
        detail: "a -> b hands work of u/g/p/here to u/g/p/there without a handover",
        fix: "put an approval node between the zones, or declare the interface in `handsTo` of the zone work leaves",
      },
    ]);
  });
});
