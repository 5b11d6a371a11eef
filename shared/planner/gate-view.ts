/**
 * What the gates of a node will ask, for a person or a program that reads a plan before it runs. A view:
 * the gates themselves are in shared/gates and ask more. Specification: docs/planner.md, "Gates by risk".
 */
import type { NodeSpec, Plan } from "../plan/index.ts";

/** risk(v) -> (gate_entry(v), gate_exit(v)). */
export interface NodeGates {
  readonly node: string;
  readonly risk: number;
  readonly entry: {
    readonly evidence: readonly string[];
    readonly confidenceMin: number;
    /** People who sign at this node's own gate; 0 where the plan asks nobody. */
    readonly quorum: number;
    /** The approval node that signs this node's exact action, if there is one. */
    readonly approvedAt: string | null;
    readonly slices: readonly string[];
  };
  readonly exit: {
    readonly accepts: "signature" | "receipt" | "tests" | "result" | "turn";
    readonly outputs: readonly string[];
    readonly evidence: readonly string[];
    readonly tests: readonly string[];
  };
}

/** One entry a node, in plan order. */
export function gatesOf(plan: Plan): readonly NodeGates[] {
  const approverOf = new Map(
    plan.nodes.flatMap(({ id, approves }) => (approves === undefined ? [] : [[approves, id]])),
  );
  return plan.nodes.map((node) => ({
    node: node.id,
    risk: node.risk,
    entry: {
      evidence: node.evidenceIn,
      confidenceMin: node.confidenceMin,
      quorum: node.approval?.quorum ?? (node.kind === "approval" || node.risk >= 3 ? 1 : 0),
      approvedAt: approverOf.get(node.id) ?? null,
      slices: node.writeSet,
    },
    exit: {
      accepts: acceptanceOf(node),
      outputs: node.outputs,
      evidence: node.evidenceOut,
      tests: node.tests.map(({ id }) => id),
    },
  }));
}

function acceptanceOf(node: NodeSpec): NodeGates["exit"]["accepts"] {
  if (node.kind === "approval") return "signature";
  if (node.kind === "execution") return "receipt";
  if (node.tests.length > 0) return "tests";
  return node.ownerX === "system" ? "turn" : "result";
}
