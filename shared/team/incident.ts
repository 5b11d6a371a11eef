/**
 * Rules of a team's incidents: when two reports are the same incident, and how its status moves.
 * Refuses to number them; the team's object does, in one transaction. Specification: docs/read-model.md.
 */
import { hashJson } from "../canonical.ts";
import { err, ok, type Result } from "../result.ts";

export type IncidentStatus = "open" | "acknowledged" | "resolved";

/** What makes two reports one incident. */
export interface IncidentOrigin {
  readonly missionId: string | null;
  readonly nodeId: string | null;
  readonly seq: number | null;
  readonly kind: string;
  readonly summary: string;
}

/** Where an incident came from a trace event, the event is its identity for ever. */
export function incidentEventKey(origin: IncidentOrigin): string | null {
  return origin.missionId === null || origin.seq === null
    ? null
    : `event:${origin.missionId}:${origin.seq}`;
}

/**
 * Identity of an incident without a trace event: kind, mission, node and summary together. It holds
 * while the incident is unresolved, so a redelivered report adds nothing, and the same trouble after
 * somebody resolved it is a new incident.
 */
export function incidentSummaryKey(origin: IncidentOrigin): string {
  const { missionId, nodeId, kind, summary } = origin;
  return `summary:${hashJson({ missionId, nodeId, kind, summary })}`;
}

const RANK = { open: 0, acknowledged: 1, resolved: 2 } as const satisfies Record<
  IncidentStatus,
  number
>;

/**
 * The status after a person's wish: forward only, resolved may be reached directly, and asking for the
 * status it already has changes nothing (`changed: false`).
 * Errors: `incident_status_final` for any way back.
 */
export function moveIncidentStatus(
  status: IncidentStatus,
  wanted: "acknowledged" | "resolved",
): Result<
  { readonly changed: boolean },
  { readonly reason: "incident_status_final"; readonly status: string }
> {
  if (RANK[wanted] < RANK[status]) return err({ reason: "incident_status_final", status });
  return ok({ changed: wanted !== status });
}
