/**
 * How a team's trust moves: outcomes of missions, each once, and the team's own bans. Every movement stands in the
 * agent's history. Inside the caller's transaction.
 */
import { unixMsToIso } from "../../shared/time.ts";
import { TRUST, type TrustOutcome, updateTrust } from "../../shared/trust/index.ts";
import {
  appendTrustUpdate,
  isOutcomeKnown,
  readAgentTrust,
  readGainLeft,
  writeAgentTrust,
} from "./trust-store.ts";

/** Takes outcomes into account, each once; out of order as they may come. */
export function recordTrust(sql: SqlStorage, outcomes: readonly TrustOutcome[]): void {
  for (const told of outcomes) {
    const { agent, outcome, missionId, nodeId, seq, at } = told;
    const trust = readAgentTrust(sql, agent);
    // What cannot be believed is not built upon; a person resets it.
    if (trust === null || isOutcomeKnown(sql, told)) continue;
    const left = readGainLeft(sql, missionId, agent) ?? TRUST.gainPerMissionMax;
    const update = updateTrust(trust, left, outcome, at);
    writeAgentTrust(sql, agent, update.trust);
    const from = { missionId, nodeId, seq, by: null, reason: null };
    appendTrustUpdate(sql, agent, { at, outcome, ...from, ...update });
  }
}

/** The team's own ban, which no mission's event tells of. */
export function recordTeamBan(
  sql: SqlStorage,
  agent: string,
  who: { readonly by: string; readonly at: number },
): void {
  const trust = readAgentTrust(sql, agent);
  if (trust === null) return;
  const at = unixMsToIso(who.at);
  const update = updateTrust(trust, 0, "agent_banned", at);
  writeAgentTrust(sql, agent, update.trust);
  const from = { missionId: null, nodeId: null, seq: null, by: who.by, reason: null };
  appendTrustUpdate(sql, agent, { at, outcome: "agent_banned", ...from, ...update });
}
