/**
 * Leases at the entry gate: what the arbiters said becomes part of the question, and what nobody asked them
 * yet is noted for the object to ask. Refuses to ask for a node that another gate would not let in anyway.
 * Specification: docs/leases.md.
 */
import { evaluateEntry, type GateQuestion, type GateResult } from "../gates/index.ts";
import type { LeaseFact, WantedLease } from "../lease/index.ts";
import type { NodeSpec } from "../plan/index.ts";
import type { TraceEvent } from "../trace/index.ts";
import { dataOf } from "./event.ts";
import type { HeldLease, MissionState } from "./state.ts";
import type { Turn } from "./turn.ts";

/** A question as it was finally asked, its answer, and what the arbiters said; null: they had no part in it. */
export interface Leased {
  readonly question: GateQuestion;
  readonly result: GateResult;
  readonly fact: LeaseFact | null;
}

/** Asks the entry gate; where everything else allows and the node writes, with what the arbiters said. */
export function evaluateLeased(turn: Turn, question: GateQuestion): Leased {
  const result = evaluateEntry(question);
  const { spec } = question;
  if (result.verdict !== "allow" || spec.writeSet.length === 0)
    return { question, result, fact: null };
  const fact = factFor(turn, spec);
  // A grant takes nothing away from what was allowed without it.
  if (fact === null || fact.state === "granted") return { question, result, fact };
  const refused = withFact(question, fact);
  return { question: refused, result: evaluateEntry(refused), fact };
}

/** What the command brought for the node. What it did not bring is noted as wanted. */
function factFor(turn: Turn, spec: NodeSpec): LeaseFact | null {
  const { state, command } = turn;
  const given = command.leases?.[spec.id];
  if (given && isUsable(state, spec, given)) return given;
  const wanted = wantedBy(state, spec);
  if (wanted && !turn.wanted.some(({ nodeId }) => nodeId === spec.id)) turn.wanted.push(wanted);
  // Traces of the older generations know leases that no arbiter was asked for, and must come out the same.
  return isShared(state) ? { state: "unasked" } : null;
}

/** What the arbiters are asked for a node; null where it writes nothing. */
export function wantedBy(state: MissionState, { id, writeSet }: NodeSpec): WantedLease | null {
  if (writeSet.length === 0) return null;
  return {
    nodeId: id,
    slices: writeSet.map((slice) => ({ slice, floor: fenceOf(state, slice) })),
  };
}

/** Whether missions of this generation never run on numbers of their own. */
export function isShared(state: MissionState): boolean {
  return (state.rules ?? 0) >= 3;
}

/** A grant covers the write-set exactly, with numbers above all that the mission has used. */
function isUsable(state: MissionState, { writeSet }: NodeSpec, fact: LeaseFact): boolean {
  if (fact.state !== "granted") return true;
  const isRising = writeSet.every((slice) => (fact.fence[slice] ?? 0) > fenceOf(state, slice));
  return isRising && Object.keys(fact.fence).length === new Set(writeSet).size;
}

function fenceOf(state: MissionState, slice: string): number {
  return state.slices.get(slice)?.fence ?? 0;
}

/** The question with what the arbiters said. */
export function withFact(question: GateQuestion, fact: LeaseFact): GateQuestion {
  switch (fact.state) {
    case "granted":
      return question;
    case "held": {
      const held = fact.by.map(({ slice, missionId, nodeId }) => ({
        slice,
        missionId,
        holder: nodeId,
      }));
      return { ...question, heldSlices: [...question.heldSlices, ...held] };
    }
    case "unavailable":
    case "unasked":
      return { ...question, arbiters: fact.state };
  }
}

/** What a recorded entry gate was told of its slices; null: nothing. */
export function factIn(event: TraceEvent): LeaseFact | null {
  const { lease, leaseFact } = dataOf(event, "gate.evaluated");
  if (lease?.scope === "team") return { state: "granted", fence: lease.fence };
  return leaseFact ?? null;
}

/**
 * Whether the mission has the slice: some node runs with it, or its ticket or its outcome is still open. Of a
 * stopped mission only a ticket that may still be used counts. Source: docs/leases.md, "Who holds".
 */
export function holdsSlice(state: MissionState, slice: string): boolean {
  const holder = state.slices.get(slice)?.holder ?? null;
  if (holder === null) return false;
  return state.status !== "stopped" || (state.nodes.get(holder)?.ticket ?? null) !== null;
}

/** Slices that nodes of the mission are paused for, each once. O(slices). */
export function waitedSlices(state: MissionState): readonly string[] {
  return [...state.slices.keys()].filter((slice) => state.slices.get(slice)?.waiting);
}

/** A grant that some events may have ended; whether they did, `holdsSlice` says of the state after them. */
export interface EndedGrant {
  readonly slice: string;
  readonly fence: number;
}

/** The arbiters' grants that `events`, to be folded into `state`, may end. O(events), or O(slices) where the mission ends. */
export function endingGrants(
  state: MissionState | null,
  events: readonly TraceEvent[],
): readonly EndedGrant[] {
  const ending = new Map<string, number>();
  const note = (lease: HeldLease | null | undefined) => {
    if (lease?.scope !== "team") return;
    for (const [slice, fence] of Object.entries(lease.fence)) ending.set(slice, fence);
  };
  for (const event of events) {
    const { nodeId, type } = event;
    if (nodeId !== null) note(state?.nodes.get(nodeId)?.lease);
    if (type === "gate.evaluated") note(dataOf(event, "gate.evaluated").lease);
    if (nodeId !== null || event.stateAfter !== "stopped") continue;
    for (const slice of state?.slices.keys() ?? [])
      note(state?.nodes.get(state.slices.get(slice)?.holder ?? "")?.lease);
  }
  return [...ending].map(([slice, fence]) => ({ slice, fence }));
}
