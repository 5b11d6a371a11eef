/** A human operator's interventions: pause, resume and stop of the whole mission. */
import { err, ok, type Result } from "../../result.ts";
import type { Intervene } from "../command.ts";
import type { Rejection } from "../rejection.ts";
import { emitMission, type Turn } from "../turn.ts";

export function decideIntervention(
  turn: Turn,
  { kind, reason, actor }: Intervene,
): Result<null, Rejection> {
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
      return ok(null);
    case "stop":
      if (status !== "active" && status !== "paused") return impossible;
      emitMission(turn, "mission.stopped", { reason }, { actor, stateAfter: "stopped" });
      return ok(null);
  }
}
