/** What a request is about, whether a node asks or an amendment of the plan does. */
import type { SeatRequirement } from "../../../shared/approval/index.ts";
import type { EvidenceSummary } from "../../../shared/evidence/index.ts";
import type { MissionView, NodeView } from "../../../shared/mission/index.ts";

type Held = NonNullable<NodeView["request"]>;

export interface OpenRequest {
  /** The node, or the amendment, that the statement names. */
  readonly nodeId: string;
  /** null: an amendment asks. */
  readonly node: NodeView | null;
  readonly title: string;
  readonly risk: number;
  readonly attempt: number;
  readonly gateDigest: string;
  readonly requirement: SeatRequirement;
  /** What an approval clears besides the missing approval itself. */
  readonly pauses: NonNullable<Held["pauses"]>;
  readonly have: number;
  readonly approvers: readonly string[];
  readonly deadlineAt: string;
  /** null: the system asks. */
  readonly by: string | null;
  readonly rationale: string;
  readonly action: {
    readonly type: string;
    readonly args: unknown;
    readonly argsHash: string;
  } | null;
  /** The title of the execution that an approval node covers. */
  readonly covers: string | null;
  readonly evidence: readonly EvidenceSummary[];
  /** Nodes that can only follow after this one, in the plan's order. */
  readonly downstream: readonly NodeView[];
}

/** The open request of a node or amendment; null where there is none. */
export function requestIn(mission: MissionView, nodeId: string): OpenRequest | null {
  const node = mission.nodes.find(({ id }) => id === nodeId);
  return node === undefined ? ofAmendment(mission, nodeId) : ofNode(mission, node);
}

function ofNode(mission: MissionView, node: NodeView): OpenRequest | null {
  const { request, proposal } = node;
  if (request === null) return null;
  const covered = mission.nodes.find(({ id }) => id === node.approves);
  return {
    nodeId: node.id,
    node,
    title: node.title,
    risk: node.risk,
    attempt: node.attempt,
    gateDigest: request.gateDigest,
    requirement: request.askedNow ?? request.requirement,
    pauses: request.pauses ?? [],
    have: request.have,
    approvers: node.approvals
      .filter(({ gateDigest }) => gateDigest === request.gateDigest)
      .map(({ approver }) => approver),
    deadlineAt: request.deadlineAt,
    by: proposal?.agent ?? null,
    rationale: proposal?.rationale ?? "",
    action: proposal?.action ?? null,
    covers: covered?.title ?? null,
    evidence: evidenceOf(mission, node),
    downstream: downstreamOf(mission, node.id),
  };
}

/** What the node has itself, and what lies before it: the gate looks at both. */
function evidenceOf(mission: MissionView, node: NodeView): readonly EvidenceSummary[] {
  const before = mission.edges.filter(({ to }) => to === node.id).map(({ from }) => from);
  const handed = mission.nodes.filter(({ id }) => before.includes(id)).flatMap((n) => n.evidence);
  return [...node.evidence, ...handed];
}

function ofAmendment({ amendments }: MissionView, id: string): OpenRequest | null {
  const open = amendments?.open;
  if (!open || open.id !== id || open.request === null) return null;
  const { request } = open;
  return {
    nodeId: id,
    node: null,
    title: open.title,
    risk: open.risk,
    attempt: 1,
    gateDigest: request.gateDigest,
    requirement: request.requirement,
    pauses: request.pauses ?? [],
    have: request.have,
    approvers: [],
    deadlineAt: request.deadlineAt,
    by: open.by,
    rationale: open.reason,
    action: { type: "plan.amend", args: { nodes: open.nodes, edges: open.edges }, argsHash: "" },
    covers: null,
    evidence: [],
    downstream: [],
  };
}

/** Nodes reachable from a node, itself left out. O(V + E). */
function downstreamOf({ edges, nodes }: MissionView, nodeId: string): readonly NodeView[] {
  const after = new Map<string, string[]>();
  for (const { from, to } of edges) after.set(from, [...(after.get(from) ?? []), to]);
  const seen = new Set([nodeId]);
  const open = [nodeId];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const next of after.get(at) ?? []) {
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return nodes.filter(({ id }) => id !== nodeId && seen.has(id));
}
