/**
 * The last question before a side effect: does the mission still stand behind this exact ticket?
 * A read; the ledger's claim made before it is what makes the ticket single-use.
 */
import { err, ok, type Result } from "../result.ts";
import type { TicketClaims } from "../ticket/index.ts";
import { isoToUnixMs, type UnixMs } from "../time.ts";
import { isBanned } from "./interventions.ts";
import type { MissionState } from "./state.ts";

export type ConfirmRefusal = { readonly reason: "gate_not_confirmed"; readonly detail: string };

/**
 * Whether the mission stands behind the ticket at `atMs`, the caller's clock.
 *
 * Errors: `gate_not_confirmed` with what is not as the gate allowed it. Source: docs/tickets.md.
 */
export function confirmTicket(
  state: MissionState | null,
  claims: TicketClaims,
  atMs: UnixMs,
): Result<{ confirmed: true }, ConfirmRefusal> {
  const refuse = (detail: string) => err({ reason: "gate_not_confirmed", detail } as const);
  if (!state || state.missionId !== claims.txn || state.team !== claims.team)
    return refuse("no such mission");
  if (state.status !== "active") return refuse(`the mission is ${state.status}`);
  if (isBanned(state, claims.sub)) return refuse(`agent ${claims.sub} is banned from the mission`);
  const { authorizationExpiresAt } = state.plan.plan;
  // As in a turn, it is never earlier than the mission's last event.
  const nowMs = Math.max(atMs, isoToUnixMs(state.lastAt) ?? 0);
  if (authorizationExpiresAt !== undefined && (isoToUnixMs(authorizationExpiresAt) ?? 0) <= nowMs)
    return refuse(`the mission's authorization ended at ${authorizationExpiresAt}`);
  const record = state.nodes.get(claims.node_id);
  if (!record) return refuse("the mission has no such node");
  if (record.status !== "RUNNING") return refuse(`the node is ${record.status}`);
  const held = record.ticket;
  if (!held || held.jti !== claims.jti)
    return refuse("the ticket is not the node's outstanding one");
  const facts: readonly (readonly [string, unknown, unknown])[] = [
    ["attempt", record.attempt, claims.attempt],
    ["gate_digest", record.ranDigest, claims.gate_digest],
    ["action_type", held.actionType, claims.action_type],
    ["args_hash", held.argsHash, claims.args_hash],
    ["graph_hash", held.graphHash ?? state.plan.hash, claims.graph_hash],
    ["policy_version", held.policyVersion ?? state.policy.version, claims.policy_version],
    ["exp", held.expSeconds, claims.exp],
  ];
  const misfit = facts.find(([, expected, actual]) => expected !== actual);
  if (misfit) return refuse(`${misfit[0]} is not what the gate allowed`);
  for (const [slice, fence] of Object.entries(record.lease?.fence ?? {})) {
    if (claims.fence[slice] !== fence) return refuse(`the lease on ${slice} is another one`);
  }
  return ok({ confirmed: true });
}
