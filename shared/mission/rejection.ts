/**
 * Rejections: expected refusals that are not recorded, tagged with the facts of each. The reason
 * string is also the problem code, the metric label and the entry in docs/errors.md.
 */
import type { CeremonyReject, DelegationReject, SignedReject } from "../approval/index.ts";
import type { ReceiptReject } from "../evidence/index.ts";
import type { AmendmentViolation, PlanViolation } from "../plan/index.ts";

export type Rejection =
  | { readonly reason: "mission_unknown" }
  | { readonly reason: "mission_exists" }
  | { readonly reason: "mission_broken"; readonly seq: number; readonly detail: string }
  | { readonly reason: "mission_not_active"; readonly state: string }
  /** `bytesMax` where the trace has reached that, and not the number of its events. */
  | { readonly reason: "mission_full"; readonly eventsMax: number; readonly bytesMax?: number }
  | {
      readonly reason: "intervention_not_possible";
      readonly kind: string;
      /** Of the node, where the intervention names one; else of the mission. */
      readonly state: string;
      readonly detail?: string;
    }
  | { readonly reason: "node_unknown"; readonly nodeId: string }
  | { readonly reason: "node_not_open"; readonly nodeId: string; readonly state: string }
  | { readonly reason: "node_not_running"; readonly nodeId: string; readonly state: string }
  | { readonly reason: "node_sealed"; readonly nodeId: string }
  | { readonly reason: "proposal_not_expected"; readonly nodeId: string; readonly detail: string }
  /** `agent` is not heard at the node any more; null: nobody is, until a person decides. */
  | {
      readonly reason: "loop_guarded";
      readonly nodeId: string;
      readonly loop: string;
      readonly agent: string | null;
    }
  | { readonly reason: "result_not_expected"; readonly nodeId: string; readonly detail: string }
  | { readonly reason: "agent_not_permitted"; readonly nodeId: string; readonly detail: string }
  | {
      readonly reason: "evidence_kind_unexpected";
      readonly nodeId: string;
      readonly kind: string;
      readonly expected: readonly string[];
    }
  | {
      readonly reason: "evidence_hash_mismatch";
      readonly expected: string;
      readonly actual: string;
    }
  | ReceiptReject
  | { readonly reason: "evidence_unknown"; readonly hash: string }
  | { readonly reason: "approval_not_requested"; readonly nodeId: string }
  | SignedReject
  | DelegationReject
  | CeremonyReject
  | { readonly reason: "approval_digest_stale"; readonly expected: string; readonly actual: string }
  | { readonly reason: "approval_already_given"; readonly approver: string }
  | { readonly reason: "outcome_not_unknown"; readonly nodeId: string; readonly state: string }
  | {
      readonly reason: "reconciliation_not_permitted";
      readonly nodeId: string;
      readonly detail: string;
    }
  | { readonly reason: "ticket_unknown"; readonly jti: string }
  | { readonly reason: "canary_unguarded"; readonly nodeId: string }
  | { readonly reason: "input_unexpected"; readonly kind: string }
  | { readonly reason: "head_stale"; readonly head: string }
  | { readonly reason: "idempotency_key_reused" }
  | { readonly reason: "policy_inactive" }
  | { readonly reason: "policy_not_active"; readonly version: string; readonly state: string }
  | { readonly reason: "policy_already_pinned"; readonly version: string }
  | { readonly reason: "policy_repins_exhausted"; readonly max: number }
  | {
      readonly reason: "policy_not_tighter";
      readonly version: string;
      readonly nodes: readonly {
        readonly nodeId: string;
        readonly rule: string;
        readonly detail: string;
      }[];
    }
  | { readonly reason: "amendment_open"; readonly amendment: string }
  | { readonly reason: "amendments_exhausted"; readonly amendmentsMax: number }
  | { readonly reason: "amendment_invalid"; readonly violations: readonly AmendmentViolation[] }
  | { readonly reason: "plan_invalid"; readonly violations: readonly PlanViolation[] };

export type RejectionReason = Rejection["reason"];
