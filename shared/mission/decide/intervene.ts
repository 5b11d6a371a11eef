/**
 * A human operator's interventions: pause, resume and stop of the whole mission; reset and ban have a file of
 * their own. Specification: docs/interventions.md.
 */
import { err, ok, type Result } from "../../result.ts";
import type { Intervene } from "../command.ts";
import type { Rejection } from "../rejection.ts";
import { reconsider } from "../advance.ts";
import { emitMission, recordOf, type Turn } from "../turn.ts";
import { askWaiting } from "./lease.ts";
import { decideBan, decideReset } from "./reset.ts";

export function decideIntervention(turn: Turn, command: Intervene): Result<null, Rejection> {
  const { kind, reason, actor } = command;
  const { status } = turn.state;
  const impossible = err({
    reason: "intervention_not_possible",
    kind,
    state: status,
  } satisfies Rejection);
  switch (kind) {
    case "pause":
      if (status !== "active") return impossible;
      emitMission(turn, "mission.paused", { reason }, { actor, stateAfter: "paused" });
      return ok(null);
    case "resume":
      if (status !== "paused") return impossible;
      emitMission(turn, "mission.resumed", { reason }, { actor, stateAfter: "active" });
      askAnew(turn);
      askWaiting(turn);
      return ok(null);
    case "reset":
      if (status !== "active" && status !== "paused") return impossible;
      return decideReset(turn, command);
    case "ban":
      if (status !== "active" && status !== "paused") return impossible;
      return decideBan(turn, command);
    case "stop":
      if (status !== "active" && status !== "paused") return impossible;
      emitMission(turn, "mission.stopped", { reason }, { actor, stateAfter: "stopped" });
      return ok(null);
  }
}

/**
 * Resuming asks people anew: open requests get a fresh deadline, and those that nobody answered in time
 * are asked once more. What somebody denied stays denied. O(nodes).
 */
function askAnew(turn: Turn): void {
  for (const nodeId of turn.state.plan.order) {
    const { request, reasons } = recordOf(turn, nodeId);
    const isUnanswered = reasons.some(({ code }) => code === "APPROVAL_EXPIRED");
    if (request !== null || isUnanswered) reconsider(turn, nodeId, "resume");
  }
}
