/** Interventions of a random mission: mostly pause and resume, sometimes a reset or a ban, seldom a stop. */
import type { Command } from "../../shared/mission/index.ts";
import { ban, intervene, reset } from "./commands.ts";

/** Chosen by `variant` and `pick`, at a node; a ban never meets the agent that most proposals are of. */
export function randomIntervention(
  seconds: number,
  nodeId: string,
  { pick, variant }: { readonly pick: number; readonly variant: number },
): Command {
  if (variant % 5 === 1) return reset(seconds, variant % 10 === 1 ? nodeId : undefined);
  if (variant % 24 === 3) return ban(seconds, pick % 2 === 0 ? "agent-b" : "agent-c");
  const kind = variant % 12 === 0 ? "stop" : variant % 2 === 0 ? "pause" : "resume";
  return intervene(seconds, kind);
}
