/**
 * A bench: the state and the model of a place, put together for one step. Nothing on it can be changed but through
 * a fork, and with `reads` it notes what the step looks at. Afterwards it says what became of the cells.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import type { MissionState, NodeRecord } from "../../shared/mission/index.ts";
import type { Table } from "../../shared/mission/table.ts";
import { iso } from "../support/builders.ts";
import type { Model } from "../support/mission-model.ts";
import { createModelBench, notedPlan } from "./model-bench.ts";
import {
  type Catalogue,
  type Cell,
  type CellContent,
  cellOf,
  type ModelCell,
  outlineOf,
  type Place,
  restContent,
  restOf,
} from "./place.ts";
import type { Reads } from "./reads.ts";

/** Every step starts behind this event: where in the trace a state was reached decides nothing. */
export const HEAD = { seq: 1_000, hash: sha256Hex("what happened before") };

/** A table over one that cannot be changed, with what was written to it. */
interface Written<V> extends Table<V> {
  readonly own: ReadonlyMap<string, { readonly value: V } | null>;
}

/** A state that `evolve` may change, and what it changed. */
export interface Fork {
  readonly state: MissionState;
  /** Ids of the nodes of which something was written. */
  touched(): ReadonlySet<string>;
  contentOf(id: string, before: Cell | null, model: ModelCell): CellContent;
}

export interface Bench {
  readonly state: MissionState;
  readonly model: Model;
  fork(): Fork;
  /** Ids of the nodes of which the model now says something else. */
  modelTouched(): readonly string[];
  /** Where the step leads: the cells it changed, and the rest over them. */
  result(catalogue: Catalogue, fork: Fork): Place;
}

export function createBench(place: Place, reads: Reads | null): Bench {
  const state = stateOf(place, reads);
  const { model, ...models } = createModelBench(place, reads);
  return {
    state,
    model,
    fork: () => createFork(state),
    modelTouched: () => models.touched(),
    result(catalogue, fork) {
      const touched = new Set([...fork.touched(), ...models.touched()]);
      for (const id of touched) {
        const at = place.outline.indexById.get(id);
        if (at !== undefined) reads?.whole(at);
      }
      const { outline } = place;
      const isSame = fork.state.plan === state.plan;
      // Another plan is another place as a whole.
      if (!isSame) for (const at of place.cells.keys()) reads?.whole(at);
      const after = isSame ? outline : outlineOf(catalogue, fork.state.plan);
      const cells = after.compiled.order.map((id) => {
        const before = place.cells[outline.indexById.get(id) ?? -1] ?? null;
        if (before && !touched.has(id)) return before;
        return cellOf(catalogue, fork.contentOf(id, before, models.cellOf(id)));
      });
      const content = restContent(after, fork.state, model, place.rest.seconds);
      return { outline: after, cells, rest: restOf(catalogue, content, cells) };
    },
  };
}

function stateOf(place: Place, reads: Reads | null): MissionState {
  const { cells, rest, outline } = place;
  const { compiled, indexById } = outline;
  const at = (id: string) => indexById.get(id) ?? -1;
  const owners = new Map(
    cells.flatMap((cell, index) => cell.tickets.map(([jti]) => [jti, index] as const)),
  );
  const flag = (name: "ready" | "advance" | "timed") =>
    frozen<true>(
      (id) => {
        reads?.member(at(id), name);
        return cells[at(id)]?.[name] ? true : undefined;
      },
      () => {
        if (name === "advance") reads?.advance();
        else if (name === "timed") reads?.timed();
        else throw new Error("nobody asks for all that are ready");
        return compiled.order.filter((id) => cells[at(id)]?.[name]);
      },
    );
  const slices = new Map(rest.slices);
  return {
    ...rest.scalars,
    plan: reads ? planOf(place, reads) : compiled,
    nodes: frozen(
      (id) => recordOf(place, reads, at(id)),
      () => compiled.order,
    ),
    ready: flag("ready"),
    advance: flag("advance"),
    timed: flag("timed"),
    slices: frozen(
      (slice) => slices.get(slice),
      () => slices.keys(),
    ),
    tickets: frozen((jti) => {
      const owner = owners.get(jti) ?? -1;
      if (owner >= 0) reads?.member(owner, "tickets");
      return cells[owner]?.tickets.find(([name]) => name === jti)?.[1];
    }, nobodyAsks),
    denials: frozen((key) => {
      const owner = owners.get(key.split(" ")[0] ?? "") ?? -1;
      if (owner >= 0) reads?.member(owner, "denials");
      return cells[owner]?.denials.includes(key) ? true : undefined;
    }, nobodyAsks),
    // No policy and no share of an explored plan asks about what went before.
    history: sink(),
    passages: sink(),
    actionCount: 0,
    dueFloorMs: rest.floorMs,
    head: HEAD,
    lastAt: iso(rest.seconds),
  };
}

function nobodyAsks(): never {
  throw new Error("no step walks through all tickets or denials");
}

/** What was recorded before the step keeps its content, but no place in the trace. */
function recordOf(place: Place, reads: Reads | null, at: number): NodeRecord | undefined {
  const record = place.cells[at]?.record;
  if (!record || !reads) return record;
  return new Proxy(record, {
    get(target, name) {
      reads.member(at, `record.${String(name)}`);
      return Reflect.get(target, name) as unknown;
    },
    ownKeys(target) {
      reads.whole(at);
      return Reflect.ownKeys(target);
    },
  });
}

/** The plan of a place, of which what is about single nodes is noted when it is read. */
function planOf({ outline }: Place, reads: Reads): MissionState["plan"] {
  const { compiled, indexById } = outline;
  const noted = <V>(map: ReadonlyMap<string, V>, note: (at: number) => void) =>
    ({
      get(id: string) {
        const at = indexById.get(id);
        if (at !== undefined) note(at);
        return map.get(id);
      },
      has: (id: string) => map.has(id),
    }) as ReadonlyMap<string, V>;
  return {
    ...compiled,
    plan: notedPlan(outline, reads),
    specById: noted(compiled.specById, (at) => reads.member(at, "spec")),
    predecessors: noted(compiled.predecessors, (at) => reads.neighbours(at)),
    successors: noted(compiled.successors, (at) => reads.neighbours(at)),
    approverOf: noted(compiled.approverOf, (at) => reads.neighbours(at)),
  };
}

function frozen<V>(get: (key: string) => V | undefined, keys: () => Iterable<string>): Table<V> {
  const refuse = () => {
    throw new Error("a step changes the state it was given");
  };
  const table: Table<V> = {
    get,
    has: (key) => get(key) !== undefined,
    set: refuse,
    delete: refuse,
    keys,
    fork: () => written(table),
  };
  return table;
}

/** Takes what is written to it and holds nothing. */
function sink(): Table<never> {
  const table: Table<never> = {
    get: () => undefined,
    has: () => false,
    set: () => {},
    delete: () => {},
    keys: () => [],
    fork: () => table,
  };
  return table;
}

function written<V>(base: Table<V>): Written<V> {
  const own = new Map<string, { value: V } | null>();
  const table: Written<V> = {
    own,
    get(key) {
      const entry = own.get(key);
      return entry === undefined ? base.get(key) : entry?.value;
    },
    has: (key) => (own.has(key) ? own.get(key) !== null : base.has(key)),
    set: (key, value) => void own.set(key, { value }),
    delete: (key) => void own.set(key, null),
    *keys() {
      for (const key of base.keys()) if (own.get(key) !== null) yield key;
      for (const [key, entry] of own) if (entry !== null && !base.has(key)) yield key;
    },
    fork: () => written(table),
  };
  return table;
}

function createFork(state: MissionState): Fork {
  const nodes = written(state.nodes);
  const flags = {
    ready: written(state.ready),
    advance: written(state.advance),
    timed: written(state.timed),
  };
  const tickets = written(state.tickets);
  const denials = written(state.denials);
  const fork = { ...state, ...flags, nodes, tickets, denials, slices: written(state.slices) };
  const ownerOf = (jti: string) => tickets.get(jti)?.nodeId ?? "";
  return {
    state: fork,
    touched() {
      const ids = [nodes, flags.ready, flags.advance, flags.timed].flatMap((table) => [
        ...table.own.keys(),
      ]);
      const jtis = [...tickets.own.keys(), ...[...denials.own.keys()].map(jtiOf)];
      return new Set([...ids, ...jtis.map(ownerOf)]);
    },
    contentOf(id, before, model) {
      const record = nodes.own.get(id)?.value ?? before?.record;
      const spec = before?.spec ?? fork.plan.specById.get(id);
      if (!record || !spec) throw new Error(`node ${id} is in the plan`);
      const flag = (name: "ready" | "advance" | "timed") => {
        const entry = flags[name].own.get(id);
        return entry === undefined ? before?.[name] === true : entry !== null;
      };
      const own = [...tickets.own].flatMap(([jti, entry]) =>
        entry?.value.nodeId === id ? [[jti, entry.value] as const] : [],
      );
      const refused = [...denials.own.keys()].filter((key) => ownerOf(jtiOf(key)) === id);
      return {
        spec,
        record,
        ready: flag("ready"),
        advance: flag("advance"),
        timed: flag("timed"),
        tickets: [...new Map([...(before?.tickets ?? []), ...own])],
        denials: [...new Set([...(before?.denials ?? []), ...refused])].sort(),
        model,
      };
    },
  };
}

function jtiOf(denial: string): string {
  return denial.split(" ")[0] ?? "";
}
