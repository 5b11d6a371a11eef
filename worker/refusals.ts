/**
 * What several routes are refused for alike, for the documents that say so: a command at a node, and a
 * statement that a person signed.
 */
import type { ProblemCode } from "../shared/wire/problem.ts";

/** What any command at a node may be refused for. */
export const NODE_REFUSALS: readonly ProblemCode[] = [
  "mission_unknown",
  "mission_broken",
  "mission_not_active",
  "mission_full",
  "node_unknown",
  "node_sealed",
];

/** What a signed statement may be refused for, whatever it is about. */
export const STATEMENT_REFUSALS: readonly ProblemCode[] = [
  "approver_unknown",
  "approver_not_permitted",
  "approval_signature_invalid",
  "approval_statement_malformed",
  "approval_statement_mismatch",
  "approval_statement_expired",
];
