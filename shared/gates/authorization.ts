/**
 * Automatic authorization within gate 10: where only a policy rule or a review asks for a person at risk 2 or
 * less, trust and a grant may stand in. Never for the plan's own approval, another gate's pause, what
 * somebody refused or has begun to approve, or a review that the floor asks for. Specification: docs/trust.md.
 */
import { humanFloor } from "../allocation/index.ts";
import { type AutoAuthorization, autoAuthorization, GRANT_LIMITS } from "../trust/index.ts";
import { type GateQuestion, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

/** Whether trust and a grant stand in for the people that policy and review ask for. */
export function isAuthorized(question: GateQuestion): boolean {
  return authorizationOf(question)?.allowed === true;
}

/** Why nobody was asked, or why a grant that is there is not enough; empty where trust has no say. */
export function authorizationReasons(question: GateQuestion): readonly Reason[] {
  const { trust } = question;
  const answer = authorizationOf(question);
  if (answer === null) return [];
  if (answer.allowed) {
    const done = "nothing is left to do; a person may revoke the grant";
    return [reasonOf("approval", answer.code, answer.detail, done)];
  }
  // Without any grant for the action nobody meant to spare people the question.
  if (trust !== "unavailable" && trust?.grants.length === 0) return [];
  return [reasonOf("approval", answer.code, answer.detail, answer.counterfactual)];
}

/** null: not a question that trust may answer. */
function authorizationOf(question: GateQuestion): AutoAuthorization | null {
  const { trust, spec, proposal, agent, mission } = question;
  if (trust === undefined || !mission || agent === null || typeof agent === "string") return null;
  if (spec.kind !== "execution" || !proposal?.action || spec.risk > GRANT_LIMITS.riskMax)
    return null;
  if (spec.approval !== undefined || (question.pausedGates ?? []).length > 0) return null;
  if (question.refused !== null || question.approvers.length > 0) return null;
  if (isReviewedByFloor(question)) return null;
  const asked = {
    agent: agent.id,
    actionType: proposal.action.type,
    zone: spec.zone ?? null,
    risk: spec.risk,
    missionId: mission.id,
    authorizationExpiresAt: question.authorizationExpiresAt,
  };
  return autoAuthorization(trust, asked, question.at);
}

/** Trust takes away what a human share has above its floor, and nothing of the floor itself. */
function isReviewedByFloor({ share, spec }: GateQuestion): boolean {
  if (share?.selected !== true) return false;
  return share.draw < humanFloor(spec.risk, spec.allocation?.humanMin ?? 0);
}
