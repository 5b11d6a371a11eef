/** What a reader of a trace looks for: denials, approvals, tickets, incidents. Each has a sign of its own. */
import type { TraceEvent } from "../../../shared/trace/index.ts";

export type MarkKind = "denial" | "approval" | "ticket" | "incident";

export interface Mark {
  readonly seq: number;
  readonly kind: MarkKind;
  readonly type: string;
}

export const MARK_KINDS: readonly MarkKind[] = ["denial", "approval", "ticket", "incident"];

const KIND_BY_TYPE: Readonly<Record<string, MarkKind>> = {
  "approval.denied": "denial",
  "approval.expired": "denial",
  "proposal.refused": "denial",
  "amendment.refused": "denial",
  "ticket.denied": "denial",
  "approval.granted": "approval",
  "ticket.issued": "ticket",
  "receipt.recorded": "ticket",
  "incident.raised": "incident",
};

/** The marks of a trace, in order of seq. */
export function marksOf(events: readonly TraceEvent[]): readonly Mark[] {
  return events.flatMap(({ seq, type, gateResult }) => {
    const isRefusal = gateResult?.verdict === "block" || gateResult?.verdict === "seal";
    const kind = KIND_BY_TYPE[type] ?? (isRefusal ? "denial" : undefined);
    return kind === undefined ? [] : [{ seq, kind, type }];
  });
}
