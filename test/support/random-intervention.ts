/** Interventions of a random mission: mostly pause and resume, sometimes a reset or a ban, seldom a stop. */
import type { Command } from "../../shared/mission/index.ts";
import { receipt } from "./builders.ts";
import { ban, intervene, propose, reconcile, recordReceipt, reset } from "./commands.ts";

/**
 * What follows an outcome that nobody knows: a person finds it out, sometimes who proposed the action; or the
 * agent proposes again all the same; or the gateway hears late.
 */
export function randomFinding(
  seconds: number,
  nodeId: string,
  jti: string | null,
  { pick, variant }: { readonly pick: number; readonly variant: number },
): Command {
  const outcome = pick % 3 === 0 ? "done" : "not_done";
  if (variant % 4 === 1) return propose(seconds, nodeId);
  if (variant % 4 === 2 && jti !== null) {
    const late = pick % 2 === 0 ? "succeeded" : "failed";
    return recordReceipt(seconds, receipt(jti, { outcome: late }));
  }
  const by = variant % 7 === 0 ? "agent-a" : "operator";
  return reconcile(seconds, nodeId, outcome, { by });
}

/** Chosen by `variant` and `pick`, at a node; a ban never meets the agent that most proposals are of. */
export function randomIntervention(
  seconds: number,
  nodeId: string,
  { pick, variant }: { readonly pick: number; readonly variant: number },
): Command {
  if (variant % 5 === 1) return reset(seconds, variant % 10 === 1 ? nodeId : undefined);
  if (variant % 15 === 2) return randomFinding(seconds, nodeId, null, { pick, variant });
  if (variant % 24 === 3) return ban(seconds, pick % 2 === 0 ? "agent-b" : "agent-c");
  const kind = variant % 12 === 0 ? "stop" : variant % 2 === 0 ? "pause" : "resume";
  return intervene(seconds, kind);
}
