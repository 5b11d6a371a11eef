/**
 * Gate 9, accountability: an accountable owner exists, separation of duties holds (who approves has
 * neither proposed nor produced the evidence), and the authorization has not run out. One of the two
 * gates that may seal.
 */
import type { Verdict } from "../trace/index.ts";
import { type Gate, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

const HUMAN_OWNER_FROM_RISK = 3;

export const accountability: Gate<Verdict> = (question) => {
  const { spec, authorizationExpiresAt, at, agent } = question;
  if (authorizationExpiresAt !== null && authorizationExpiresAt <= at) {
    // Beyond repair: a mission's authorization is part of its frozen plan.
    return outcomeOf(
      [
        reasonOf(
          "accountability",
          "AUTHORIZATION_EXPIRED",
          `the mission's authorization ended at ${authorizationExpiresAt}`,
          "nothing clears this here; a new mission whose authorization has not ended",
        ),
      ],
      "seal",
    );
  }
  const reasons: Reason[] = [];
  if (spec.risk >= HUMAN_OWNER_FROM_RISK && spec.ownerR !== "human") {
    reasons.push(
      reasonOf(
        "accountability",
        "OWNER_MISSING",
        `risk ${spec.risk} needs an accountable human`,
        "a plan whose ownerR of this node is human",
      ),
    );
  }
  const proposer = agent !== null && typeof agent === "object" ? agent.id : null;
  const approvers = new Set([...question.approvers, ...(question.coverage?.approvers ?? [])]);
  if (proposer !== null && approvers.has(proposer)) {
    reasons.push(
      reasonOf(
        "accountability",
        "SEPARATION_OF_DUTIES",
        `${proposer} proposed and approved`,
        "another person approves",
      ),
    );
  }
  const producers = new Set(question.evidence.map((bundle) => bundle.producedBy));
  for (const producer of producers) {
    if (!approvers.has(producer) || producer === proposer) continue;
    reasons.push(
      reasonOf(
        "accountability",
        "SEPARATION_OF_DUTIES",
        `${producer} produced the evidence and approved what rests on it`,
        "another person approves, or another's evidence replaces it",
      ),
    );
  }
  return outcomeOf(reasons, "block");
};
