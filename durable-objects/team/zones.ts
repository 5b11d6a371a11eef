/**
 * A team's zone registry: the directory's rules over the zone store, inside the caller's transaction.
 */
import type { ZoneFacts } from "../../shared/architect/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { admitZone } from "../../shared/team/index.ts";
import type { TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import { refuseWhenFull } from "./capacity.ts";
import { appendChange } from "./change-store.ts";
import { readZone, readZones, writeZone } from "./zone-store.ts";

/** Registers the zone or replaces what was known of it. */
export function registerZone(
  sql: SqlStorage,
  { zone, by, at }: TeamRequest<"putZone">,
): Result<ZoneFacts, TeamRejection> {
  const admitted = admitZone(zone, readZones(sql));
  if (!admitted.ok) return admitted;
  const before = readZone(sql, zone.zone);
  const full = before === null ? refuseWhenFull(sql, "zone") : null;
  if (full) return err(full);
  writeZone(sql, zone);
  appendChange(sql, { by, at }, { kind: "zone", subject: zone.zone, before, after: zone });
  return ok(zone);
}
