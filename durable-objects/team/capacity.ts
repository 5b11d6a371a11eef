/**
 * How many rows of each kind a team's directory holds at most. Asked inside the transaction that would
 * add one.
 */
import { TEAM_LIMITS } from "../../shared/team/index.ts";
import type { TeamRejection } from "../../shared/wire/rpc.ts";

const ROWS_MAX = {
  agent: TEAM_LIMITS.agentsMax,
  approver: TEAM_LIMITS.approversMax,
  delegation: TEAM_LIMITS.delegationsMax,
  hook: TEAM_LIMITS.hooksMax,
  policy: TEAM_LIMITS.policiesMax,
  verifier: TEAM_LIMITS.verifiersMax,
  webhook: TEAM_LIMITS.webhooksMax,
  zone: TEAM_LIMITS.zonesMax,
} as const;

/** The refusal of one more row of this kind, or null where there is room. The kind is its table's name. */
export function refuseWhenFull(sql: SqlStorage, kind: keyof typeof ROWS_MAX): TeamRejection | null {
  const max = ROWS_MAX[kind];
  const { n } = sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${kind}`).one();
  return n < max ? null : { reason: "directory_full", kind, max };
}
