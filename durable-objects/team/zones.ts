/**
 * A team's zone registry: the directory's rules over the zone store, inside the caller's transaction.
 */
import type { ZoneFacts } from "../../shared/architect/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { admitZone } from "../../shared/team/index.ts";
import type { TeamRejection } from "../../shared/wire/rpc.ts";
import { refuseWhenFull } from "./capacity.ts";
import { readZone, readZones, writeZone } from "./zone-store.ts";

/** Registers the zone or replaces what was known of it. */
export function registerZone(sql: SqlStorage, zone: ZoneFacts): Result<ZoneFacts, TeamRejection> {
  const admitted = admitZone(zone, readZones(sql));
  if (!admitted.ok) return admitted;
  const isNew = readZone(sql, zone.zone) === null;
  const full = isNew ? refuseWhenFull(sql, "zone") : null;
  if (full) return err(full);
  writeZone(sql, zone);
  return ok(zone);
}
