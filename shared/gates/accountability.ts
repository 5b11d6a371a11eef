/**
 * Gate 9, accountability: an accountable owner exists, separation of duties holds (who approves has
 * neither proposed nor produced the evidence), and the authorization has not run out. One of the two
 * gates that may seal.
 */
import type { Verdict } from "../trace/index.ts";
import { type Gate, type GateOutcome, type GateQuestion, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

const HUMAN_OWNER_FROM_RISK = 3;

/** What the exit gate asks of accountability, too. Beyond repair: the authorization is part of the frozen plan. */
export function authorization({
  authorizationExpiresAt,
  at,
}: Pick<GateQuestion, "authorizationExpiresAt" | "at">): GateOutcome<"allow" | "seal"> {
  if (authorizationExpiresAt === null || authorizationExpiresAt > at)
    return { verdict: "allow", reasons: [] };
  const detail = `the mission's authorization ended at ${authorizationExpiresAt}`;
  const way = "nothing clears this here; a new mission whose authorization has not ended";
  return outcomeOf([reasonOf("accountability", "AUTHORIZATION_EXPIRED", detail, way)], "seal");
}

export const accountability: Gate<Exclude<Verdict, "pause">> = (question) => {
  const { spec, agent } = question;
  const authorized = authorization(question);
  if (authorized.verdict === "seal") return authorized;
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
  const asking = agent !== null && typeof agent === "object" ? [agent.id] : [];
  const here = [...question.approvers, ...(question.delegators ?? [])];
  // Of the people who approved the action elsewhere, only who performs it now has two duties.
  const both = [
    ...here.filter((id) => [...asking, ...question.proposers].includes(id)),
    ...(question.coverage?.approvers ?? []).filter((id) => asking.includes(id)),
  ];
  for (const id of new Set(both)) {
    reasons.push(
      reasonOf(
        "accountability",
        "SEPARATION_OF_DUTIES",
        `${id} proposed and approved`,
        "another person approves",
      ),
    );
  }
  const approvers = new Set([...here, ...(question.coverage?.approvers ?? [])]);
  const producers = new Set(question.evidence.map((bundle) => bundle.producedBy));
  for (const producer of producers) {
    if (!approvers.has(producer) || asking.includes(producer)) continue;
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
