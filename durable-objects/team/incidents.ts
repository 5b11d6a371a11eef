/**
 * A team's incidents: giving numbers and moving status, inside the caller's transaction. Which status
 * follows which is decided by shared/team.
 */
import { incidentId } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  incidentEventKey,
  incidentSummaryKey,
  moveIncidentStatus,
} from "../../shared/team/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import type { IncidentRecord, TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import {
  insertIncident,
  readIncident,
  readIncidentByOrigin,
  writeIncidentStatus,
} from "./incident-store.ts";

/** Idempotent by (missionId, seq), or by kind, mission, node and summary while that one is unresolved. */
export function assignIncident(
  sql: SqlStorage,
  incident: TeamRequest<"assignIncident">,
): IncidentRecord {
  const originKey = incidentEventKey(incident) ?? incidentSummaryKey(incident);
  return readIncidentByOrigin(sql, originKey) ?? insertIncident(sql, originKey, incident);
}

/** Asking for the status it already has changes nothing and answers the incident as it stands. */
export function setIncidentStatus(
  sql: SqlStorage,
  { number, status, by, at }: TeamRequest<"setIncidentStatus">,
): Result<IncidentRecord, TeamRejection> {
  const incident = readIncident(sql, number);
  if (incident === null) return err({ reason: "incident_unknown", id: incidentId(number) });
  const moved = moveIncidentStatus(incident.status, status);
  if (!moved.ok) return moved;
  if (!moved.value.changed) return ok(incident);
  const statusAt = unixMsToIso(at);
  writeIncidentStatus(sql, number, status, by, statusAt);
  return ok({ ...incident, status, statusBy: by, statusAt });
}
