/**
 * Gate 1, readiness: predecessors DONE, mission active, attempts left, nothing in doubt.
 * May block, never seal.
 */
import { type Gate, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

export const readiness: Gate<"allow" | "block"> = (question) => {
  const reasons: Reason[] = [];
  if (question.missionStatus !== "active") {
    reasons.push(
      reasonOf(
        "readiness",
        "MISSION_NOT_ACTIVE",
        `the mission is ${question.missionStatus}`,
        "an operator resumes the mission",
      ),
    );
  }
  if (question.sealed)
    reasons.push(
      reasonOf(
        "readiness",
        "NODE_SEALED",
        "the node is sealed and never moves again",
        "nothing clears this here; a new mission",
      ),
    );
  for (const nodeId of question.waitingFor) {
    reasons.push(
      reasonOf(
        "readiness",
        "PREDECESSOR_NOT_DONE",
        `predecessor ${nodeId} is not DONE`,
        `complete node ${nodeId} first`,
      ),
    );
  }
  if (question.attempt - (question.attemptsForgiven ?? 0) > question.spec.attemptsMax) {
    reasons.push(
      reasonOf(
        "readiness",
        "ATTEMPTS_EXHAUSTED",
        `all ${question.spec.attemptsMax} attempts are used`,
        "an operator resets the node, or a new node by amendment takes the remaining work",
      ),
    );
  }
  if (question.outcomeUnknown) {
    reasons.push(
      reasonOf(
        "readiness",
        "OUTCOME_UNKNOWN",
        "whether the last action happened is not known",
        "a person reconciles the outcome",
      ),
    );
  }
  return outcomeOf(reasons, "block");
};
