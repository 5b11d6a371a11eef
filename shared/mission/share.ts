/**
 * Human shares of a mission's nodes: what allocation is asked with, read from the state, and what
 * views show of the answer. Only nodes whose plan declares a share have one; all others are
 * what they were (docs/decisions, docs/allocation.md).
 */
import {
  evidenceQuality,
  nodeShare,
  type NodeShare,
  riskFloor,
  totalShare,
} from "../allocation/index.ts";
import type { EvidenceSummary } from "../evidence/index.ts";
import type { NodeSpec } from "../plan/index.ts";
import type { EventData } from "./event.ts";
import type { HeldProposal, MissionState, NodeRecord } from "./state.ts";

/** The node's share with this proposal, or null where neither node nor plan declares one. O(1). */
export function shareOf(
  state: MissionState,
  spec: NodeSpec,
  { attempt }: Pick<NodeRecord, "attempt">,
  proposal: Pick<HeldProposal, "factors"> | null,
): NodeShare | null {
  const { allocation = null } = spec;
  const profile = state.plan.plan.allocationProfile ?? null;
  if (allocation === null && profile === null) return null;
  return nodeShare({
    missionId: state.missionId,
    nodeId: spec.id,
    attempt,
    risk: spec.risk,
    allocation,
    profile,
    proposed: proposal?.factors ?? null,
    passages: state.passages.get(classOf(state, spec)) ?? { count: 0, quality: 0 },
  });
}

/** What the exit gate's event records of a passage; undefined for a node without a share. */
export function passageOf(
  state: MissionState,
  spec: NodeSpec,
  evidence: readonly EvidenceSummary[],
): EventData["gate.evaluated"]["passage"] {
  if (!spec.allocation && !state.plan.plan.allocationProfile) return undefined;
  return { class: classOf(state, spec), quality: evidenceQuality(evidence) };
}

/** Counts a recorded passage, in place. */
export function countPassage(
  state: MissionState,
  passage: NonNullable<EventData["gate.evaluated"]["passage"]>,
): void {
  const { count, quality } = state.passages.get(passage.class) ?? { count: 0, quality: 0 };
  state.passages.set(passage.class, { count: count + 1, quality: quality + passage.quality });
}

/** Passages teach something about nodes that do the same: the same action, else the same skill, else itself. */
function classOf(state: MissionState, spec: NodeSpec): string {
  const action = spec.action ?? state.plan.specById.get(spec.approves ?? "")?.action;
  if (action) return `action ${action.type}`;
  return spec.skill === undefined ? `node ${spec.id}` : `skill ${spec.skill}`;
}

/** A mission's shares as its view shows them; nodes that declare none count with the floor of their risk. */
export function totalOf(
  state: MissionState,
  nodes: readonly { readonly id: string; readonly risk: number; readonly share?: NodeShare }[],
): { readonly hTotal: number } | null {
  if (!nodes.some((node) => node.share)) return null;
  const parts = nodes.map(({ id, risk, share }) => ({
    weight: state.plan.specById.get(id)?.allocation?.weight ?? 1,
    h: share?.h ?? riskFloor(risk),
  }));
  return { hTotal: totalShare(parts) };
}
