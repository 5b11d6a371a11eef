/**
 * Steps 1 to 3 of the Planner: phases from deliverables, kinds from judgements, edges from what goes out
 * to what comes in. Knows no gate. Everything is linear in the brief and its edges.
 * Specification: docs/planner.md, "The six steps".
 */
import { BRIEF_LIMITS, type Brief, type Judgement } from "./brief.ts";
import type { BriefReport } from "./violation.ts";

const NONE: readonly string[] = [];

/** The phases in order, and the phase of every judgement (undefined where its deliverable is unknown). */
export interface Phases {
  readonly phases: readonly string[];
  readonly phaseAt: readonly (string | undefined)[];
}

/**
 * Step 1, M -> {P1, ..., Pn}: a phase for each responsibility stage and type of deliverable in it.
 * Stages come in the order of `stages`, or of their first deliverable; types in that of theirs. A stage
 * with one type is named after the stage alone.
 */
export function decompose(brief: Brief, report: BriefReport): Phases {
  const typesByStage = new Map<string, string[]>();
  for (const [at, stage] of (brief.stages ?? []).entries()) {
    if (typesByStage.has(stage))
      report("stage_duplicate", `/stages/${at}`, `${stage} stands twice`);
    typesByStage.set(stage, []);
  }
  const deliverableById = new Map<string, Brief["deliverables"][number]>();
  for (const [at, deliverable] of brief.deliverables.entries()) {
    const { id, stage, type } = deliverable;
    if (deliverableById.has(id))
      report("deliverable_duplicate", `/deliverables/${at}/id`, `${id} is already a deliverable`);
    else deliverableById.set(id, deliverable);
    let types = typesByStage.get(stage);
    if (types === undefined) {
      if (brief.stages !== undefined)
        report("stage_unknown", `/deliverables/${at}/stage`, `${id} is in ${stage}, not listed`);
      typesByStage.set(stage, (types = []));
    }
    if (!types.includes(type)) types.push(type);
  }
  const phaseOf = (stage: string, type: string) =>
    (typesByStage.get(stage)?.length ?? 0) < 2 ? stage : `${stage}.${type}`.slice(0, 64);
  const worked = new Set<string>();
  const phaseAt = brief.judgements.map(({ id, deliverable: name }, at) => {
    const deliverable = deliverableById.get(name);
    if (deliverable === undefined) {
      const detail = `${id} works on ${name}, which is no deliverable`;
      report("deliverable_unknown", `/judgements/${at}/deliverable`, detail);
      return undefined;
    }
    worked.add(name);
    return phaseOf(deliverable.stage, deliverable.type);
  });
  for (const [at, { id }] of brief.deliverables.entries())
    if (!worked.has(id))
      report("deliverable_empty", `/deliverables/${at}`, `no judgement works on ${id}`);
  const phases = [...typesByStage].flatMap(([stage, types]) =>
    types.map((type) => phaseOf(stage, type)),
  );
  if (phases.length > BRIEF_LIMITS.phasesMax)
    report("phases_too_many", "/deliverables", `the deliverables make ${phases.length} phases`);
  return { phases, phaseAt };
}

/** Step 2, the type of a node: as stated, else by what it does. */
export function kindOf({
  kind,
  action,
  approves,
}: Judgement): "decision" | "execution" | "approval" {
  if (kind !== undefined) return kind;
  if (action !== undefined) return "execution";
  return approves === undefined ? "decision" : "approval";
}

/** For every judgement the judgements it waits for, ascending: `from[starts[v]] ... from[starts[v + 1] - 1]`. */
export interface Incoming {
  readonly starts: Uint32Array;
  readonly from: Uint32Array;
}

/**
 * Step 3, E = {(u, v) | outputs(u) and inputs(v) meet}: outputs and evidence out on one side, inputs and
 * evidence in on the other. Cost: O(V + E) in judgements, named artifacts and edges.
 */
export function connect(brief: Brief, report: BriefReport): Incoming {
  const producers = indexProducers(brief);
  const given = new Set(brief.inputs);
  const starts = new Uint32Array(brief.judgements.length + 1);
  const from: number[] = [];
  const takenBy = new Uint32Array(brief.judgements.length);
  for (const [at, judgement] of brief.judgements.entries()) {
    const first = from.length;
    const wanted = [judgement.inputs ?? NONE, judgement.evidenceIn ?? NONE] as const;
    for (const [list, names] of wanted.entries()) {
      for (const [member, name] of names.entries()) {
        const makers = producers.of(name);
        const pointer = `/judgements/${at}/${list === 0 ? "inputs" : "evidenceIn"}/${member}`;
        // Evidence that nobody brings is the plan's own violation.
        if (makers.length === 0 && list === 0 && !given.has(name))
          report("input_unsupplied", pointer, `${judgement.id} takes ${name}, which nobody gives`);
        for (const maker of makers) {
          if (maker === at)
            report("input_self", pointer, `${judgement.id} both takes and gives ${name}`);
          else if (takenBy[maker] !== at + 1) {
            takenBy[maker] = at + 1;
            from.push(maker);
          }
        }
        if (from.length > BRIEF_LIMITS.edgesMax) {
          const detail = `more than ${BRIEF_LIMITS.edgesMax} pairs of judgements share an artifact`;
          report("edges_too_many", "/judgements", detail);
          return { starts: new Uint32Array(starts.length), from: new Uint32Array() };
        }
      }
    }
    sortTail(from, first);
    starts[at + 1] = from.length;
  }
  return { starts, from: Uint32Array.from(from) };
}

/** Who gives an artifact: names are numbered, and one array holds all givers behind one another. */
function indexProducers({ judgements }: Brief): { of(name: string): Uint32Array } {
  const numberOf = new Map<string, number>();
  const counts: number[] = [];
  const each = (see: (name: string, at: number) => void) => {
    for (const [at, { outputs = NONE, evidenceOut = NONE }] of judgements.entries()) {
      for (const name of outputs) see(name, at);
      for (const name of evidenceOut) if (!outputs.includes(name)) see(name, at);
    }
  };
  each((name) => {
    const number = numberOf.get(name);
    if (number === undefined) {
      numberOf.set(name, counts.length);
      counts.push(1);
    } else counts[number] = (counts[number] ?? 0) + 1;
  });
  const starts = new Uint32Array(counts.length + 1);
  for (const [number, count] of counts.entries())
    starts[number + 1] = (starts[number] ?? 0) + count;
  const free = starts.slice();
  const makers = new Uint32Array(starts.at(-1) ?? 0);
  each((name, at) => {
    const number = numberOf.get(name) ?? 0;
    const place = free[number] ?? 0;
    free[number] = place + 1;
    makers[place] = at;
  });
  const nobody = new Uint32Array();
  return {
    of(name) {
      const number = numberOf.get(name);
      return number === undefined ? nobody : makers.subarray(starts[number], starts[number + 1]);
    },
  };
}

function sortTail(list: number[], first: number): void {
  if (list.length - first < 2) return;
  const tail = list.splice(first).toSorted((a, b) => a - b);
  for (const value of tail) list.push(value);
}
