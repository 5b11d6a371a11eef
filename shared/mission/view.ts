/**
 * Views: a mission and its nodes as plain JSON, for the wire. The state hash of a replay is taken
 * over the mission view, so a member added here is a change of the state hash (docs/event-log.md).
 */
import type { EvidenceSummary } from "../evidence/index.ts";
import type { Reason } from "../gates/index.ts";
import type { ApprovalRequirement, NodeSpec } from "../plan/index.ts";
import type { Receipt } from "../ticket/index.ts";
import type { MissionStatus, NodeStatus } from "./state.ts";
import type { JsonObject } from "../strict-json.ts";

export interface NodeView {
  readonly id: string;
  readonly title: string;
  readonly kind: NodeSpec["kind"];
  readonly phase: string;
  readonly risk: number;
  readonly ownerR: NodeSpec["ownerR"];
  readonly ownerX: NodeSpec["ownerX"];
  readonly approves: string | null;
  readonly state: NodeStatus;
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly verdict: "pause" | "block" | "seal" | null;
  readonly reasons: readonly Reason[];
  readonly proposal: {
    readonly id: string;
    readonly agent: string;
    readonly rationale: string;
    readonly action: { readonly type: string; readonly args: JsonObject; readonly argsHash: string } | null;
  } | null;
  readonly evidence: readonly EvidenceSummary[];
  readonly approvals: readonly { readonly approver: string; readonly gateDigest: string }[];
  readonly request: {
    readonly gateDigest: string;
    readonly requirement: ApprovalRequirement;
    readonly have: number;
    readonly deadlineAt: string;
  } | null;
  readonly ticket: { readonly jti: string; readonly issuedAt: string; readonly expiresAt: string } | null;
  readonly receipt: Receipt | null;
  readonly result: { readonly outputs: JsonObject; readonly tests: readonly { readonly id: string; readonly passed: boolean }[]; readonly by: string } | null;
  readonly lease: { readonly fence: Readonly<Record<string, number>>; readonly expiresAt: string | null } | null;
  readonly ranDigest: string | null;
}

export interface MissionView {
  readonly id: string;
  readonly team: string;
  readonly title: string;
  readonly state: MissionStatus;
  readonly sealed: boolean;
  readonly openedAt: string;
  readonly openedBy: string;
  readonly planHash: string;
  readonly policy: { readonly version: string; readonly hash: string };
  readonly inputs: readonly EvidenceSummary[];
  readonly progress: { readonly done: number; readonly total: number };
  /** In the plan's topological order. */
  readonly nodes: readonly NodeView[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}
