/**
 * Answers: what a command's caller is told. An answer is a function of the command's own events
 * alone, so the stored answer of an idempotent retry is recomputed from its journal row.
 */
import type { GateResultRecord } from "../trace/index.ts";
import type { MissionStatus, NodeStatus } from "./state.ts";

export type Answer =
  | {
      readonly type: "opened";
      readonly missionId: string;
      readonly state: MissionStatus;
      readonly planHash: string;
      readonly policyVersion: string;
      readonly ready: readonly string[];
    }
  | {
      readonly type: "evidence";
      readonly id: string;
      readonly hash: string;
      /** The bundle's content fits its hash; claims without a source, and without a primary one. */
      readonly verification: { readonly state: "hash_verified"; readonly claims: number; readonly unsourced: readonly string[]; readonly withoutPrimary: readonly string[] };
      readonly nodeState: NodeStatus;
    }
  | {
      readonly type: "gate";
      readonly proposalId: string;
      /** False when the proposal was refused without touching the node (not ready, not your node). */
      readonly adopted: boolean;
      readonly nodeState: NodeStatus;
      readonly gateDigest: string;
      readonly gateResult: GateResultRecord;
      readonly ticket: { readonly jti: string; readonly expiresAt: string } | null;
    }
  | {
      readonly type: "approval";
      readonly decision: "approve" | "deny";
      readonly approver: string;
      readonly gateDigest: string;
      readonly nodeState: NodeStatus;
      readonly gateResult: GateResultRecord | null;
    }
  | { readonly type: "result"; readonly nodeState: NodeStatus; readonly gateResult: GateResultRecord }
  | { readonly type: "intervention"; readonly state: MissionStatus }
  | { readonly type: "recorded"; readonly events: number };
