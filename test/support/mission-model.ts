/**
 * The model that the invariants keep of a mission: what its trace says, in plain mutable data, far
 * simpler than the core's state and folded by other code, so that the two can be compared.
 */
import { hashJson } from "../../shared/canonical.ts";
import type { EvidenceBundle } from "../../shared/evidence/index.ts";
import { dataOf, type EventData } from "../../shared/mission/index.ts";
import type { NodeSpec, Plan } from "../../shared/plan/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { ModelAmendment } from "./amendment-invariants.ts";
import { checkReceipts } from "./receipt-invariants.ts";

/** Reports a violation: the invariant's id, and what is wrong. */
export type Say = (id: string, detail: string) => void;

export interface ModelApproval {
  readonly approver: string;
  /** The approver, and for whom they signed. */
  readonly people: readonly string[];
  readonly groups: readonly string[];
  readonly gateDigest: string;
  readonly expiresAt: string;
  readonly breakGlass: boolean;
}

export interface ModelPause {
  readonly gate: string;
  readonly codes: readonly string[];
}

/** What the trace says of one node. */
export interface ModelNode {
  readonly spec: NodeSpec;
  readonly predecessors: readonly string[];
  status: string;
  attempt: number;
  /** Attempts before the last reset. */
  forgiven: number;
  proposal: EventData["proposal.submitted"]["proposal"] | null;
  /** Whose proposals this attempt adopted, and whose was the last one that people were asked about. */
  proposers: Set<string>;
  askedFor: string | null;
  /** When people were asked, and which steps of the escalation this digest has behind it. */
  askedAt: string;
  steps: { readonly group: string; readonly instead: boolean }[];
  /** The pauses of the last entry gate, and the digest that the last voiding said would follow. */
  pauses: readonly ModelPause[];
  voidedTo: { readonly digest: string; readonly at: string } | null;
  evidence: EvidenceBundle[];
  approvals: ModelApproval[];
  refused: Map<string, "denied" | "expired">;
  requested: Map<string, number>;
  /** The last entry gate that allowed, and who had approved its digest then. */
  entry: {
    readonly digest: string;
    readonly seq: number;
    readonly attempt: number;
    readonly policyHash: string;
    /** Whether trust stood in for the people that a rule asks for. */
    readonly isAuthorized: boolean;
    readonly need: number;
  } | null;
  result: EventData["result.submitted"]["result"] | null;
  /** Outcome of the ticket of the attempt under way. */
  ticket: {
    readonly jti: string;
    readonly attempt: number;
    outcome: "outstanding" | "burnt" | "succeeded" | "failed" | "unknown";
  } | null;
  inDoubt: boolean;
  /** Tickets whose outcome was unknown: `open`, or what a person found; and what the gateway said later. */
  doubts: Map<string, string>;
  late: Map<string, string>;
  fence: Readonly<Record<string, number>>;
}

/** An action for which a ticket was issued. */
export interface ModelAction {
  readonly type: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly at: string;
  readonly nodeId: string;
  readonly jti: string;
  cameToNothing: boolean;
}

/** What the trace says of a mission. */
export interface Model {
  /** Its `policy` is the one pinned now. */
  opened: EventData["mission.opened"];
  /** Every action a ticket was issued for. */
  readonly actions: ModelAction[];
  readonly nodes: Map<string, ModelNode>;
  /** Node id -> id of the approval node that covers it. */
  readonly coveredBy: Map<string, string>;
  /** The amendment that is open. */
  amendment: ModelAmendment | null;
  status: string;
  sealed: boolean;
  readonly fences: Map<string, number>;
  readonly holders: Map<string, string>;
  readonly jtis: Set<string>;
  /** Agents banned from the mission. */
  readonly banned: Set<string>;
}

/** Begins a model with the first event; checks that plan and policy give their hashes and the graph is acyclic. */
export function openModel(event: TraceEvent, say: Say): Model {
  const opened = dataOf(event, "mission.opened");
  if (hashJson(opened.plan) !== opened.planHash) say("I5", "the plan does not give its hash");
  if (hashJson(opened.policy.document) !== opened.policy.hash)
    say("I13", "the policy does not give its hash");
  const nodes = new Map<string, ModelNode>();
  for (const spec of opened.plan.nodes) nodes.set(spec.id, newModelNode(spec, opened.plan));
  const coveredBy = new Map<string, string>();
  for (const { id, approves } of opened.plan.nodes)
    if (approves !== undefined) coveredBy.set(approves, id);
  if (!isAcyclic(nodes)) say("I5", "the plan has a cycle");
  for (const input of opened.inputs)
    checkReceipts(input, opened.verifications?.[input.hash], event.seq, say);
  return {
    opened,
    actions: [],
    nodes,
    coveredBy,
    amendment: null,
    status: "active",
    sealed: false,
    fences: new Map(),
    holders: new Map(),
    jtis: new Set(),
    banned: new Set(),
  };
}

/** A node of a plan before anything happened to it. */
export function newModelNode(spec: NodeSpec, { nodes, edges }: Plan): ModelNode {
  const before = new Set(edges.filter((edge) => edge.to === spec.id).map((edge) => edge.from));
  return {
    spec,
    predecessors: nodes.map((node) => node.id).filter((id) => before.has(id)),
    status: "NEW",
    attempt: 1,
    forgiven: 0,
    proposal: null,
    proposers: new Set(),
    askedFor: null,
    askedAt: "",
    steps: [],
    pauses: [],
    voidedTo: null,
    evidence: [],
    approvals: [],
    refused: new Map(),
    requested: new Map(),
    entry: null,
    result: null,
    ticket: null,
    inDoubt: false,
    doubts: new Map(),
    late: new Map(),
    fence: {},
  };
}

/** Takes away what waits for nothing until nothing is left. */
function isAcyclic(nodes: ReadonlyMap<string, ModelNode>): boolean {
  const left = new Set(nodes.keys());
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const id of left)
      if (!nodes.get(id)?.predecessors.some((other) => left.has(other))) left.delete(id);
  }
  return left.size === 0;
}

/** Predecessors that are not DONE. */
export function unfinished(model: Model, node: ModelNode): readonly string[] {
  return node.predecessors.filter((id) => model.nodes.get(id)?.status !== "DONE");
}

/**
 * The bundles of required kinds: the newest of each place, and of those the ones that count, which are the
 * node's own where it has one of the kind.
 */
export function availableTo(model: Model, node: ModelNode) {
  const places = [model.opened.inputs, ...node.predecessors.map((id) => evidenceOf(model, id))];
  const all: EvidenceBundle[] = [];
  const counting = new Map<string, EvidenceBundle>();
  for (const kind of new Set(node.spec.evidenceIn)) {
    const own = node.evidence.findLast((bundle) => bundle.kind === kind);
    const given = places.flatMap((place) => place.findLast((b) => b.kind === kind) ?? []);
    all.push(...given, ...(own ? [own] : []));
    for (const bundle of own ? [own] : given) counting.set(bundle.hash, bundle);
  }
  const current = [...counting.values()].sort((a, b) =>
    `${a.kind} ${a.hash}` < `${b.kind} ${b.hash}` ? -1 : 1,
  );
  return { all, current };
}

function evidenceOf(model: Model, nodeId: string): readonly EvidenceBundle[] {
  return model.nodes.get(nodeId)?.evidence ?? [];
}

/** From this generation on a digest names the pauses that were open. */
const PAUSES_NAMED_FROM_RULES = 3;

/** The hash of everything an approver must see, worked out again; `pauses` as the gates gave them. */
export function digestOf(
  model: Model,
  node: ModelNode,
  pauses: readonly ModelPause[] = node.pauses,
): string {
  const named = pauses.length > 0 && (model.opened.rules ?? 1) >= PAUSES_NAMED_FROM_RULES;
  const action = node.proposal?.action ?? null;
  return hashJson({
    missionId: model.opened.missionId,
    nodeId: node.spec.id,
    planHash: model.opened.planHash,
    actionType: action?.type ?? null,
    argsHash: action?.argsHash ?? null,
    evidenceHashes: availableTo(model, node).current.map((bundle) => bundle.hash),
    policyHash: model.opened.policy.hash,
    risk: node.spec.risk,
    attempt: node.attempt,
    ...(node.proposal?.factors && { factors: node.proposal.factors }),
    ...(node.proposal?.universes && { universesHash: hashJson(node.proposal.universes) }),
    ...(node.proposal?.purpose && { purpose: node.proposal.purpose }),
    ...(node.spec.criteria && { rationaleHash: hashJson(node.proposal?.rationale ?? "") }),
    ...(named && { pauses }),
  });
}

/** The pauses that a recorded result tells of: those that stand, and those that people cleared. */
export function pausesTold({ gateResult }: TraceEvent): readonly ModelPause[] {
  const pauses: ModelPause[] = [];
  for (const { gate, verdict } of gateResult?.gates ?? []) {
    if (gate === "approval" || gate === "lease") continue;
    const reasons = gateResult?.reasons.filter((reason) => reason.gate === gate) ?? [];
    const cleared = reasons.find(({ code }) => code === "PAUSE_OVERRIDDEN");
    const codes = cleared
      ? (cleared.detail.split(" overridden by ")[0] ?? "").split(", ")
      : reasons.map(({ code }) => code);
    if (cleared || verdict === "pause") pauses.push({ gate, codes: [...new Set(codes)].sort() });
  }
  return pauses;
}
