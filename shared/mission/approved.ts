/**
 * Which recorded approvals count at a moment, and for whom. One person counts once, whatever number of
 * approvals the trace holds of them. Specification: docs/approvals.md, "What counts, and until when".
 */
import type { HeldApproval } from "./state.ts";

/** The people behind the approvals of one digest, and the groups recorded with each. */
export interface Approved {
  readonly approvers: readonly string[];
  readonly groupsOf: Readonly<Record<string, readonly string[]>>;
  /** For whom some of them signed; only there where somebody did. */
  readonly delegators?: readonly string[];
  /** Who approved alone in an emergency; only there where somebody did. */
  readonly brokenBy?: string;
}

/** Whether an approval may still let something start: neither its statement nor its person's right has ended. */
function countsAt(approval: HeldApproval, at: string): boolean {
  const { statementExpiresAt, validUntil } = approval;
  return statementExpiresAt > at && (validUntil === null || validUntil > at);
}

/** Who approved a digest with an approval that counts, and the groups recorded with it. */
export function approvedBy(
  approvals: readonly HeldApproval[],
  gateDigest: string,
  at: string,
): Approved {
  const valid = approvals.filter((a) => a.gateDigest === gateDigest && countsAt(a, at));
  const broken = valid.find((a) => a.breakGlass);
  const delegators = valid.flatMap(({ delegatedBy }) => delegatedBy ?? []);
  return {
    ...(delegators.length > 0 && { delegators }),
    ...(broken && { brokenBy: broken.approver }),
    approvers: [...new Set(valid.map((a) => a.approver))],
    groupsOf: Object.fromEntries(valid.map((a) => [a.approver, a.groups])),
  };
}
