/**
 * The sizes a plan may have, and the laws of compilation: order, cycles and writes against their definitions.
 * Source: docs/plan.md; invariant I5.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, compiled, decision, planOf, wrongs } from "../support/plans.ts";

describe("size", () => {
  const small = (id: string) => decision(id);
  const ids = Array.from({ length: 10_000 }, (_, at) => `n${at}`);

  test("a chain of 10,000 nodes compiles, from either end of the list", () => {
    const edges = ids.slice(1).map((id, at) => `${ids[at]} ${id}`);
    expect(compiled(planOf(ids.map(small), edges)).order).toEqual(ids);
    expect(compiled(planOf([...ids].reverse().map(small), edges)).order).toEqual(ids);
  });

  test("a cycle of 10,000 nodes is refused and named", () => {
    const edges = ids.map((id, at) => `${id} ${ids[(at + 1) % ids.length]}`);
    expect(wrongs(planOf(ids.map(small), edges))).toEqual(["cycle /edges/9999"]);
  });

  test("a fan of 10,000 nodes compiles, out and in", () => {
    const rest = ids.slice(1);
    const out = compiled(
      planOf(
        ids.map(small),
        rest.map((id) => `n0 ${id}`),
      ),
    );
    expect(out.successors.get("n0")).toEqual(rest);
    const into = compiled(
      planOf(
        ids.map(small),
        rest.map((id) => `${id} n0`),
      ),
    );
    expect(into.order).toEqual([...rest, "n0"]);
  });

  test("a ladder of diamonds with 2^40 paths compiles, and orders writers at its two ends", () => {
    const nodes = [decision("j0", { writeSet: ["d#x"] })];
    const edges: string[] = [];
    for (let rung = 0; rung < 40; rung++) {
      const writes = rung === 39 ? { writeSet: ["d#x"] } : {};
      nodes.push(decision(`l${rung}`), decision(`r${rung}`), decision(`j${rung + 1}`, writes));
      edges.push(`j${rung} l${rung}`, `j${rung} r${rung}`);
      edges.push(`l${rung} j${rung + 1}`, `r${rung} j${rung + 1}`);
    }
    expect(compiled(planOf(nodes, edges)).order).toHaveLength(121);
  });

  test("10,000 writers of 64 slices in a row cost one look each", () => {
    const writeSet = Array.from({ length: 64 }, (_, at) => `d#p${at}`);
    const edges = ids.slice(1).map((id, at) => `${ids[at]} ${id}`);
    expect(
      compile(
        planOf(
          ids.map((id) => decision(id, { writeSet })),
          edges,
        ),
      ).ok,
    ).toBe(true);
  });

  test("a plan whose writes cannot be checked within the bound is refused, never waved through", () => {
    // Each slice has one writer at the start and one at the end, and no two slices share a pair.
    const ends = Array.from({ length: 64 }, (_, at) => at);
    const nodes = [
      ...ends.map((at) => decision(`s${at}`, { writeSet: ends.map((to) => `d${at}#p${to}`) })),
      ...ids.slice(0, 9_000).map(small),
      ...ends.map((at) => decision(`e${at}`, { writeSet: ends.map((from) => `d${from}#p${at}`) })),
    ];
    const edges = [
      ...ends.map((at) => `s${at} n0`),
      ...ids.slice(1, 9_000).map((id, at) => `${ids[at]} ${id}`),
      ...ends.map((at) => `n8999 e${at}`),
    ];
    expect(wrongs(planOf(nodes, edges))).toEqual(["write_check_too_large /nodes"]);
  });
});

describe("laws", () => {
  /** Nodes n0.. and forward edges over them, listed in a shuffled order. */
  const forward = fc.integer({ min: 2, max: 20 }).chain((count) =>
    fc.record({
      ids: fc.constant(Array.from({ length: count }, (_, at) => `n${at}`)),
      listed: fc.shuffledSubarray(
        Array.from({ length: count }, (_, at) => `n${at}`),
        { minLength: count, maxLength: count },
      ),
      pairs: fc.uniqueArray(
        fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 })).filter(([a, b]) => a < b),
        { selector: ([a, b]) => a * count + b, minLength: 1, maxLength: 50 },
      ),
    }),
  );

  test("a random acyclic plan always compiles to an order that respects every edge", () => {
    fc.assert(
      fc.property(forward, ({ listed, pairs }) => {
        const plan = compiled(
          planOf(
            listed.map((id) => decision(id)),
            pairs.map(([a, b]) => `n${a} n${b}`),
          ),
        );
        const at = (id: string) => plan.indexById.get(id) ?? Number.NaN;
        expect([...plan.order].sort()).toEqual([...listed].sort());
        for (const [a, b] of pairs) expect(at(`n${a}`)).toBeLessThan(at(`n${b}`));
        for (const [index, id] of plan.order.entries()) expect(at(id)).toBe(index);
      }),
      { numRuns: 300 },
    );
  });

  test("a plan with an injected back edge always names a real cycle", () => {
    fc.assert(
      fc.property(forward, fc.nat(), ({ listed, pairs }, choice) => {
        const [a, b] = pairs[choice % pairs.length] ?? [0, 1];
        const edges = new Set([...pairs, [b, a]].map(([from, to]) => `n${from} n${to}`));
        const result = compile(
          planOf(
            listed.map((id) => decision(id)),
            [...edges],
          ),
        );
        const violations = result.ok ? [] : result.error.violations;
        expect(violations.length).toBeGreaterThan(0);
        for (const { code, detail, pointer } of violations) {
          expect(code).toBe("cycle");
          const names = detail.split(" -> ");
          expect(names.at(-1)).toBe(names[0]);
          const steps = names.slice(1).map((name, index) => `${names[index]} ${name}`);
          for (const step of steps) expect(edges).toContain(step);
          expect([...edges][Number(pointer.slice("/edges/".length))]).toBe(steps.at(-1));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a plan with shared slices compiles exactly when no two writers of a slice are unordered", () => {
    let conflicts = 0;
    let sound = 0;
    const withSlices = forward.chain((graph) =>
      fc.record({
        graph: fc.constant(graph),
        slices: fc.array(fc.subarray(["d#x", "d#y"]), {
          minLength: graph.ids.length,
          maxLength: graph.ids.length,
        }),
      }),
    );
    fc.assert(
      fc.property(withSlices, ({ graph: { ids, pairs }, slices }) => {
        const reach = ids.map((_, from) => {
          const seen = new Set([from]);
          // Edges point forward, so one pass over the ascending positions closes the set.
          for (let at = from; at < ids.length; at++) {
            if (seen.has(at)) for (const [a, b] of pairs) if (a === at) seen.add(b);
          }
          return seen;
        });
        const isConflict = ids.some((_, a) =>
          ids.some(
            (_id, b) =>
              a < b && !reach[a]?.has(b) && slices[a]?.some((slice) => slices[b]?.includes(slice)),
          ),
        );
        const nodes = ids.map((id, at) => decision(id, { writeSet: slices[at] ?? [] }));
        const codes = wrongs(
          planOf(
            nodes,
            pairs.map(([a, b]) => `n${a} n${b}`),
          ),
        ).map((line) => line.split(" ")[0]);
        expect(codes.length > 0).toBe(isConflict);
        expect(new Set(codes)).toEqual(new Set(isConflict ? ["write_conflict"] : []));
        if (isConflict) conflicts += 1;
        else sound += 1;
      }),
      { numRuns: 500 },
    );
    expect(Math.min(conflicts, sound)).toBeGreaterThan(20);
  });
});
