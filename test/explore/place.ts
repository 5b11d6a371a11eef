/**
 * A place of an exploration: a mission's state and the invariants' model of it, cut into one cell a node and the
 * rest. Equal cells are the same object with the same number, so that a place is a short list of numbers.
 * What two equal places may differ in: docs/testing.md, "Exploration".
 */
import { sha256Hex } from "../../shared/crypto.ts";
import { dueMsOf } from "../../shared/mission/due.ts";
import type { MissionState, NodeRecord } from "../../shared/mission/index.ts";
import type { SliceRecord, TicketRecord } from "../../shared/mission/state.ts";
import type { Table } from "../../shared/mission/table.ts";
import type { CompiledPlan, NodeSpec } from "../../shared/plan/index.ts";
import type { Model, ModelNode } from "../support/mission-model.ts";

/** What the model holds of a node beside what the plan says of it, and the ids of its tickets. */
export type ModelCell = Omit<ModelNode, "spec" | "predecessors"> & {
  readonly jtis: readonly string[];
};

/** What a mission holds of one node, as plain values. */
export interface CellContent {
  readonly spec: NodeSpec;
  readonly record: NodeRecord;
  readonly ready: boolean;
  readonly advance: boolean;
  readonly timed: boolean;
  readonly tickets: readonly (readonly [string, TicketRecord])[];
  /** `<jti> <reason>`, sorted. */
  readonly denials: readonly string[];
  readonly model: ModelCell;
}

export interface Cell extends CellContent {
  readonly id: number;
  /** Of the state alone, without the model. */
  readonly stateText: string;
  /** When a clock alone would do something to the node, in Unix milliseconds; null: never. */
  readonly dueMs: number | null;
  /** Numbers of the values of single members, worked out when one is read alone. */
  readonly members: Map<number, number>;
}

/** Members of a state that are neither tables of nodes nor the place in the trace. */
export type Scalars = Omit<
  MissionState,
  | "plan"
  | "nodes"
  | "ready"
  | "advance"
  | "slices"
  | "tickets"
  | "denials"
  | "timed"
  | "dueFloorMs"
  | "history"
  | "actionCount"
  | "passages"
  | "head"
  | "lastAt"
>;

/** What a mission holds beside its nodes, as plain values. */
export interface RestContent {
  /** Of the plan, what is not about single nodes. */
  readonly frame: string;
  readonly seconds: number;
  readonly scalars: Scalars;
  readonly slices: readonly (readonly [string, SliceRecord])[];
  readonly model: Pick<
    Model,
    "opened" | "amendment" | "status" | "sealed" | "banned" | "fences" | "holders"
  >;
}

export interface Rest extends RestContent {
  readonly id: number;
  readonly stateText: string;
  /** The earliest of the cells' due times: what the state's own floor is a bound of. */
  readonly floorMs: number | null;
  /** The same with another floor. */
  readonly byFloor: Map<number | null, Rest>;
}

/** A plan as an exploration sees it. Cells are in its topological order. */
export interface Outline {
  readonly compiled: CompiledPlan;
  /** Of the whole plan. */
  readonly number: number;
  readonly indexById: ReadonlyMap<string, number>;
  /** Number of each node's neighbours: who comes before, who after, who approves it. */
  readonly neighbours: readonly number[];
  /** All of the plan that is not about single nodes. */
  readonly frame: string;
}

export interface Place {
  readonly outline: Outline;
  readonly cells: readonly Cell[];
  readonly rest: Rest;
}

/** Numbers for equal texts, cells and rests; shared by all plans of a round. */
export interface Catalogue {
  readonly numbers: Map<string, number>;
  readonly cells: Map<string, Cell>;
  readonly rests: Map<string, Rest>;
}

export function createCatalogue(): Catalogue {
  return { numbers: new Map(), cells: new Map(), rests: new Map() };
}

/** The number of a text; another text has another one. */
export function numberOf(catalogue: Catalogue, text: string): number {
  const known = catalogue.numbers.get(text);
  if (known !== undefined) return known;
  const number = catalogue.numbers.size;
  catalogue.numbers.set(text, number);
  return number;
}

/** A value as text, but for the place in the trace where it was recorded. */
export function textOf(value: unknown): string {
  const text = JSON.stringify(value, (name, member: unknown) => {
    if (name === "seq" || name === "approvedSeq") return undefined;
    if (member instanceof Map || member instanceof Set) return [...member];
    return member;
  }) as string | undefined;
  return text ?? "absent";
}

/** The hash every explored plan is given: a plan's hash is an opaque name, and one name serves all. */
export const PLAN_HASH = sha256Hex("the plan that is explored");

export function outlineOf(catalogue: Catalogue, compiled: CompiledPlan): Outline {
  const { order, predecessors, successors, approverOf, plan, hash } = compiled;
  const { nodes: _nodes, edges: _edges, ...others } = plan;
  return {
    compiled,
    number: numberOf(catalogue, textOf(plan)),
    indexById: new Map(order.map((id, at) => [id, at])),
    neighbours: order.map((id) =>
      numberOf(catalogue, textOf([predecessors.get(id), successors.get(id), approverOf.get(id)])),
    ),
    frame: textOf([order, hash, others]),
  };
}

/** The one cell of this content. */
export function cellOf(catalogue: Catalogue, content: CellContent): Cell {
  const { spec, record, model } = content;
  const stateText = cellTextOf(content);
  const text = `${textOf(spec)} ${stateText} ${textOf(model)}`;
  const known = catalogue.cells.get(text);
  if (known) return known;
  const cell: Cell = {
    ...content,
    id: catalogue.cells.size,
    stateText,
    dueMs: dueMsOf(record, true),
    members: new Map(),
  };
  catalogue.cells.set(text, cell);
  return cell;
}

/** The one rest of this content, with the floor of these cells. */
export function restOf(catalogue: Catalogue, content: RestContent, cells: readonly Cell[]): Rest {
  const { frame, seconds, scalars, slices, model } = content;
  const floorMs = floorOf(cells);
  const { opened, ...others } = model;
  const pinned = [opened.planHash, opened.policy.hash];
  const stateText = textOf([seconds, scalars, slices]);
  const text = `${floorMs} ${stateText} ${frame} ${textOf([pinned, others])}`;
  const known = catalogue.rests.get(text);
  if (known) return known;
  const rest: Rest = {
    ...content,
    id: catalogue.rests.size,
    stateText,
    floorMs,
    byFloor: new Map(),
  };
  catalogue.rests.set(text, rest);
  return rest;
}

/** The earliest time at which a clock alone would do something to one of these nodes. */
function floorOf(cells: readonly Cell[]): number | null {
  let floor: number | null = null;
  for (const { dueMs } of cells)
    if (dueMs !== null && (floor === null || dueMs < floor)) floor = dueMs;
  return floor;
}

/** The same rest over other cells. */
export function settle(catalogue: Catalogue, rest: Rest, cells: readonly Cell[]): Rest {
  const floorMs = floorOf(cells);
  if (floorMs === rest.floorMs) return rest;
  const known = rest.byFloor.get(floorMs);
  if (known) return known;
  const settled = restOf(catalogue, rest, cells);
  rest.byFloor.set(floorMs, settled);
  return settled;
}

/** A place as text, without the model: equal where the states are. */
export function placeTextOf({ cells, rest }: Place): string {
  return [rest.stateText, ...cells.map((cell) => cell.stateText)].join("\n");
}

/** The same of a state that lives. */
export function stateTextOf(state: MissionState, seconds: number): string {
  const { scalars, slices } = stateRestOf(state);
  const cells = state.plan.order.map((id) => cellTextOf(stateViewOf(state, id)));
  return [textOf([seconds, scalars, slices]), ...cells].join("\n");
}

function cellTextOf(content: Omit<CellContent, "model">): string {
  const { record, ready, advance, timed, tickets, denials } = content;
  return textOf([record, ready, advance, timed, tickets, denials]);
}

/** What a state holds of one node. */
export function stateViewOf(state: MissionState, id: string): Omit<CellContent, "model"> {
  const [spec, record] = [state.plan.specById.get(id), state.nodes.get(id)];
  if (!spec || !record) throw new Error(`node ${id} is in the plan`);
  // In the order they were issued, as a step adds them: the newest is the one that letters are about.
  const tickets = [...state.tickets.keys()].flatMap((jti) => {
    const ticket = state.tickets.get(jti);
    return ticket?.nodeId === id ? [[jti, ticket] as const] : [];
  });
  const jtis = tickets.map(([jti]) => jti);
  const isOwn = (denial: string) => jtis.includes(denial.split(" ")[0] ?? "");
  return {
    spec,
    record,
    ready: state.ready.has(id),
    advance: state.advance.has(id),
    timed: state.timed.has(id),
    tickets,
    denials: [...state.denials.keys()].filter(isOwn).sort(),
  };
}

/** The place of a state that lives and of the model of its trace. */
export function placeOf(
  catalogue: Catalogue,
  state: MissionState,
  model: Model,
  seconds: number,
): Place {
  const outline = outlineOf(catalogue, state.plan);
  const cells = outline.compiled.order.map((id) => {
    const view = stateViewOf(state, id);
    const node = model.nodes.get(id);
    if (!node) throw new Error(`the model has node ${id}`);
    const { spec: _spec, predecessors: _predecessors, ...held } = node;
    const jtis = view.tickets.map(([jti]) => jti).filter((jti) => model.jtis.has(jti));
    return cellOf(catalogue, { ...view, model: { ...held, jtis } });
  });
  const rest = restOf(catalogue, restContent(outline, state, model, seconds), cells);
  return { outline, cells, rest };
}

/** What a state and a model hold beside their nodes. */
export function restContent(
  { frame }: Outline,
  state: MissionState,
  { opened, amendment, status, sealed, banned, fences, holders }: Model,
  seconds: number,
): RestContent {
  const model = { opened, amendment, status, sealed, banned, fences, holders };
  return { frame, seconds, ...stateRestOf(state), model };
}

function stateRestOf(state: MissionState): Pick<RestContent, "scalars" | "slices"> {
  const {
    plan: _plan,
    nodes: _nodes,
    ready: _ready,
    advance: _advance,
    slices,
    tickets: _tickets,
    denials: _denials,
    timed: _timed,
    dueFloorMs: _floor,
    history: _history,
    actionCount: _count,
    passages: _passages,
    head: _head,
    lastAt: _lastAt,
    ...scalars
  } = state;
  // A snapshot has its members in another order.
  const sorted = Object.fromEntries(
    Object.entries(scalars).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  return { scalars: sorted as unknown as Scalars, slices: entriesOf(slices) };
}

function entriesOf<V>(table: Table<V>): readonly (readonly [string, V])[] {
  return [...table.keys()].sort().flatMap((key) => {
    const value = table.get(key);
    return value === undefined ? [] : [[key, value] as const];
  });
}
