/**
 * Laws of the Planner over random briefs: a plan or violations and never a throw, edges as the relation
 * says, the strongest pattern, and no schedule in which two writers of a slice run together.
 * Source: docs/planner.md, docs/architect.md.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { leaseFlaw } from "../../shared/architect/index.ts";
import { type CompiledPlan, compilePlan, planSchema } from "../../shared/plan/index.ts";
import { type BriefInput, type CompiledBrief, compileBrief } from "../../shared/planner/index.ts";
import { parsed } from "../support/briefs.ts";

type JudgementInput = BriefInput["judgements"][number];

const ARTIFACTS = ["a0", "a1", "a2", "a3", "a4", "a5"];
const SLICES = ["doc#x", "doc#y", "log#z"];
const some = (names: readonly string[], maxLength: number) =>
  fc.uniqueArray(fc.constantFrom(...names), { maxLength });

/** Anything the schema lets through: circles, missing inputs, wrong owners and all. */
const wildBrief: fc.Arbitrary<BriefInput> = fc
  .array(
    fc.record({
      id: fc.constantFrom("j0", "j1", "j2", "j3", "j4", "j5", "approve-j0"),
      deliverable: fc.constantFrom("d", "e", "none"),
      kind: fc.constantFrom(undefined, undefined, "decision", "execution", "approval"),
      risk: fc.constantFrom(undefined, 0, 1, 2, 3, 4),
      ownerR: fc.constantFrom(undefined, undefined, "human", "agent", "system"),
      ownerX: fc.constantFrom(undefined, undefined, "human", "agent", "system"),
      zone: fc.constantFrom(undefined, "u/g/p/1", "u/g/p/2", "label"),
      inputs: some(ARTIFACTS, 3),
      outputs: some(ARTIFACTS, 2),
      evidenceIn: some(ARTIFACTS, 1),
      writeSet: some(SLICES, 2),
      approves: fc.constantFrom(undefined, undefined, "j0", "j9"),
      action: fc.constantFrom(undefined, undefined, { type: "do.it" }),
      tests: fc.constantFrom([], [{ id: "ok", title: "ok" }]),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((judgements) => ({
    title: "wild",
    inputs: ["a0"],
    deliverables: [
      { id: "d", title: "d", type: "thing", stage: "one" },
      { id: "e", title: "e", type: "other", stage: "two" },
    ],
    judgements: judgements.map(
      (judgement) => ({ title: "t", ...defined(judgement) }) as JudgementInput,
    ),
  }));

/** Sound by construction: judgement i gives `o<i>` and takes from earlier ones only. */
const soundBrief: fc.Arbitrary<BriefInput> = fc
  .array(
    fc.record({
      isAction: fc.boolean(),
      risk: fc.integer({ min: 0, max: 4 }),
      takes: fc.nat({ max: 1023 }),
      writeSet: some(SLICES, 3),
      shares: fc.boolean(),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((genes) => ({
    title: "sound",
    deliverables: [{ id: "d", title: "d", type: "thing", stage: "one" }],
    judgements: genes.map((gene, at): JudgementInput => {
      const inputs = genes.flatMap((_, before) =>
        before < at && (gene.takes >> before) & 1 ? [`o${before}`] : [],
      );
      const tests = [{ id: "ok", title: "ok" }];
      return {
        id: `j${at}`,
        deliverable: "d",
        title: "t",
        risk: gene.risk,
        inputs,
        outputs: gene.shares ? [`o${at}`, "common"] : [`o${at}`],
        writeSet: gene.writeSet,
        ...(gene.isAction ? { action: { type: "do.it" } } : { tests }),
      };
    }),
  }));

test("any brief gives a plan that compiles, or violations with place and fix, and never throws", () => {
  const seen = { plans: 0, refusals: 0 };
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: wildBrief }, soundBrief), (input) => {
      const brief = parsed(input);
      const result = compileBrief(brief);
      expect(compileBrief(brief)).toEqual(result);
      if (result.ok) {
        seen.plans += 1;
        recompiled(result.value);
        return;
      }
      seen.refusals += 1;
      expect(result.error.violations.length).toBeGreaterThan(0);
      for (const { pointer, fix, detail } of result.error.violations) {
        expect(fix && detail).not.toBe("");
        expect(resolves(brief, pointer), pointer).toBe(true);
      }
    }),
    { numRuns: 1_500 },
  );
  expect(Math.min(seen.plans, seen.refusals)).toBeGreaterThan(10);
});

test("edges between judgements are exactly the pairs that share an artifact, where no writers clash", () => {
  fc.assert(
    fc.property(soundBrief, (input) => {
      const { plan, inserted } = sound(input);
      const own = new Set(inserted.map(({ node }) => node));
      const edges = plan.edges.filter(({ from, to }) => !own.has(from) && !own.has(to));
      const naive = input.judgements.flatMap((u) =>
        input.judgements
          .filter((v) => v.inputs?.some((name) => u.outputs?.includes(name)))
          .map((v) => `${u.id} ${v.id}`),
      );
      const written = edges.map(({ from, to }) => `${from} ${to}`);
      expect(written.toSorted()).toEqual(naive.toSorted());
    }),
    { numRuns: 500 },
  );
});

test("a stronger pattern is chosen whenever its condition holds on the graph of the brief", () => {
  const counted = new Set<string>();
  fc.assert(
    fc.property(soundBrief, (input) => {
      const { patterns } = sound(input);
      const reach = reachOf(input);
      const byId = new Map(input.judgements.map((judgement) => [judgement.id, judgement] as const));
      for (const { pattern, writers } of patterns) {
        counted.add(pattern);
        const last = writers.at(-1) ?? "";
        const isOrdered = writers.every((a, i) =>
          writers.every((b, j) => i >= j || reach.get(a)?.has(b)),
        );
        const merges = writers
          .slice(0, -1)
          .every((id) => byId.get(id)?.action === undefined && reach.get(id)?.has(last));
        const specs = writers.map((id) => {
          const kind = byId.get(id)?.action === undefined ? "decision" : "execution";
          return { id, kind, risk: byId.get(id)?.risk ?? 0 } as const;
        });
        const leases = leaseFlaw(specs) === null;
        const strongest = isOrdered
          ? "partition"
          : merges
            ? "propose-merge"
            : leases
              ? "lease"
              : "human";
        expect(pattern).toBe(strongest);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(counted.size).toBe(4);
});

test("no schedule of the plan has two writers of one slice at once, and every one ends", () => {
  fc.assert(
    fc.property(soundBrief, fc.infiniteStream(fc.nat()), (input, choices) => {
      const compiled = recompiled(sound(input));
      const leased = new Set(compiled.plan.leased);
      const [done, running] = [new Set<string>(), new Set<string>()];
      while (done.size < compiled.order.length) {
        const startable = compiled.order.filter(
          (id) => isReady(compiled, id, done, running) && leasesFree(compiled, id, running, leased),
        );
        const moves = [...startable, ...running];
        const move = moves[(choices.next().value ?? 0) % moves.length];
        if (move === undefined) throw new Error("the schedule is stuck");
        if (running.delete(move)) done.add(move);
        else running.add(move);
        const slices = [...running].flatMap((id) => compiled.specById.get(id)?.writeSet ?? []);
        expect(new Set(slices).size).toBe(slices.length);
      }
    }),
    { numRuns: 500 },
  );
});

function isReady(
  { predecessors }: CompiledPlan,
  id: string,
  done: ReadonlySet<string>,
  running: ReadonlySet<string>,
): boolean {
  if (done.has(id) || running.has(id)) return false;
  return (predecessors.get(id) ?? []).every((before) => done.has(before));
}

/** Only leased slices are looked at: the others must be free of conflict by the order alone. */
function leasesFree(
  { specById }: CompiledPlan,
  id: string,
  running: ReadonlySet<string>,
  leased: ReadonlySet<string>,
): boolean {
  const held = new Set([...running].flatMap((other) => specById.get(other)?.writeSet ?? []));
  return (specById.get(id)?.writeSet ?? []).every(
    (slice) => !leased.has(slice) || !held.has(slice),
  );
}

function sound(input: BriefInput): CompiledBrief {
  const result = compileBrief(parsed(input));
  if (!result.ok) throw new Error(JSON.stringify(result.error.violations[0]));
  return result.value;
}

/** Through the wire and the compiler again: the same plan under the same hash. */
function recompiled({ plan, planHash, order }: CompiledBrief): CompiledPlan {
  const compiled = compilePlan(planSchema.parse(JSON.parse(JSON.stringify(plan))));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error.violations[0]));
  expect(compiled.value.hash).toBe(planHash);
  expect(compiled.value.order).toEqual(order);
  return compiled.value;
}

function reachOf({ judgements }: BriefInput): Map<string, Set<string>> {
  const reach = new Map(judgements.map(({ id }) => [id, new Set<string>()] as const));
  // Judgements take from earlier ones only, so one pass from the end closes the relation.
  for (const u of judgements.toReversed()) {
    for (const v of judgements) {
      if (!v.inputs?.some((name) => u.outputs?.includes(name))) continue;
      reach.get(u.id)?.add(v.id);
      for (const far of reach.get(v.id) ?? []) reach.get(u.id)?.add(far);
    }
  }
  return reach;
}

function resolves(document: unknown, pointer: string): boolean {
  let value = document;
  for (const step of pointer.split("/").slice(1)) {
    if (typeof value !== "object" || value === null) return false;
    // The place where a missing member would stand is a place too.
    if (!Object.hasOwn(value, step)) return step === "risk" || step === "tests";
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return true;
}

/** Without the members that chance left out. */
function defined(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
