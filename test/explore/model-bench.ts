/**
 * The invariants' model of a place, put together for one step: what the step changes is kept apart from the cells,
 * and with `reads` it is noted what the invariants look at.
 */
import { type Model, type ModelNode, newModelNode } from "../support/mission-model.ts";
import { type Cell, type ModelCell, type Outline, type Place, textOf } from "./place.ts";
import type { Reads } from "./reads.ts";

/** The seq of everything that was recorded before the step. */
const EARLIER = 0;

export interface ModelBench {
  readonly model: Model;
  /** Ids of the nodes of which the model now says something else. */
  touched(): readonly string[];
  cellOf(id: string): ModelCell;
}

/** A node's model, and what was written to it. */
interface Noted {
  readonly cell: Cell;
  readonly node: ModelNode;
  readonly own: Record<string, unknown>;
}

export function createModelBench(place: Place, reads: Reads | null): ModelBench {
  const { rest, cells } = place;
  const noted = new Map<string, Noted>();
  for (const [at, cell] of cells.entries())
    noted.set(cell.spec.id, noteNode(place, cell, at, reads));
  const nodes = new Map([...noted].map(([id, { node }]) => [id, node]));
  const before = new Set(cells.flatMap((cell) => cell.model.jtis));
  const jtis = new Set(before);
  const model: Model = {
    opened: { ...rest.model.opened, plan: notedPlan(place.outline, reads) },
    actions: [],
    nodes,
    coveredBy: coveredBy(place, reads),
    amendment: amendmentOf(rest.model.amendment),
    status: rest.model.status,
    sealed: rest.model.sealed,
    banned: new Set(rest.model.banned),
    fences: new Map(rest.model.fences),
    holders: new Map(rest.model.holders),
    jtis: Object.assign(jtis, {
      has(jti: string) {
        for (const at of cells.keys()) reads?.member(at, "model.jtis");
        return Set.prototype.has.call(jtis, jti);
      },
    }),
  };
  return {
    model,
    cellOf: (id) =>
      modelCellOf(
        nodes.get(id),
        noted.get(id),
        [...jtis].filter((jti) => !before.has(jti)),
      ),
    touched: () => [...nodes.keys()].filter((id) => isTouched(nodes.get(id), noted.get(id))),
  };
}

function noteNode({ outline }: Place, cell: Cell, at: number, reads: Reads | null): Noted {
  const { plan } = outline.compiled;
  const { jtis: _jtis, ...held } = cell.model;
  const fixed: ModelNode = { ...newModelNode(cell.spec, plan), ...held };
  const own: Record<string, unknown> = {};
  const node = new Proxy(fixed, {
    get(target, name: string) {
      if (Object.hasOwn(own, name)) return own[name];
      const value = target[name as keyof ModelNode];
      if (name === "spec") reads?.member(at, "spec");
      else if (name === "predecessors") reads?.neighbours(at);
      else reads?.member(at, `model.${name}`);
      if (name === "spec" || name === "predecessors") return value;
      if (typeof value !== "object" || value === null) return value;
      own[name] = copyOf(value);
      if (name === "entry") own[name] = { ...fixed.entry, seq: EARLIER };
      return own[name];
    },
    set(_target, name: string, value: unknown) {
      own[name] = value;
      return true;
    },
  });
  return { cell, node, own };
}

function copyOf(value: object): object {
  if (Array.isArray(value)) return [...(value as unknown[])];
  if (value instanceof Set) return new Set(value as Set<unknown>);
  if (value instanceof Map) return new Map(value as Map<unknown, unknown>);
  return { ...value };
}

function isTouched(node: ModelNode | undefined, noted: Noted | undefined): boolean {
  if (!noted || noted.node !== node) return true;
  const before = noted.cell.model as unknown as Record<string, unknown>;
  return Object.entries(noted.own).some(([name, value]) => textOf(value) !== textOf(before[name]));
}

function modelCellOf(
  node: ModelNode | undefined,
  noted: Noted | undefined,
  issued: readonly string[],
): ModelCell {
  if (!node) throw new Error("the model has every node of the plan");
  const jtis = issued.filter((jti) => jti === node.ticket?.jti);
  if (noted?.node === node) {
    const { model } = noted.cell;
    return { ...model, ...noted.own, jtis: [...model.jtis, ...jtis] };
  }
  const { spec: _spec, predecessors: _predecessors, ...held } = node;
  return { ...held, jtis };
}

/** Who covers whom stands in the plan, like a node's neighbours. */
function coveredBy({ outline }: Place, reads: Reads | null): Model["coveredBy"] {
  const copy = new Map(outline.compiled.approverOf);
  return Object.assign(copy, {
    get(id: string) {
      const at = outline.indexById.get(id);
      if (at !== undefined) reads?.neighbours(at);
      return Map.prototype.get.call(copy, id) as string | undefined;
    },
  });
}

/** A plan of which it is noted when its nodes or edges are read: amendments do, nothing else. */
export function notedPlan({ compiled }: Outline, reads: Reads | null): Outline["compiled"]["plan"] {
  const { plan } = compiled;
  if (!reads) return plan;
  return {
    ...plan,
    get nodes() {
      reads.plan();
      return plan.nodes;
    },
    get edges() {
      reads.plan();
      return plan.edges;
    },
  };
}

function amendmentOf(amendment: Model["amendment"]): Model["amendment"] {
  return amendment && { ...amendment, endsByApprover: new Map(amendment.endsByApprover) };
}
