/**
 * The gate digest: the hash of everything an approver must see. A changed argument, bundle, policy, plan
 * or attempt is another digest, and so is a gate that pauses for another reason than it did.
 * Specification: docs/approvals.md, "The gate digest".
 */
import { hashJson } from "../canonical.ts";
import { type GateQuestion, pausesOf } from "../gates/index.ts";
import type { HeldProposal, Declarations, MissionState } from "./state.ts";

type Proposed = (Pick<HeldProposal, "rationale" | "action"> & Declarations) | null;

/** From this generation of the rules on the digest names the pauses that an approval of it clears. */
const PAUSES_NAMED_FROM_RULES = 3;

/** What people sign for a question. The last two members are absent before the third generation. */
export type Signing = Pick<GateQuestion, "gateDigest" | "namedPauses" | "subjectDigest">;

/** Works out what is to be signed. `question` needs no digest yet; what depends on one is not looked at. */
export function signingOf(
  state: MissionState,
  question: GateQuestion,
  proposal: Proposed,
): Signing {
  const subject = subjectOf(state, question, proposal);
  const subjectDigest = hashJson(subject);
  if ((state.rules ?? 0) < PAUSES_NAMED_FROM_RULES) return { gateDigest: subjectDigest };
  const namedPauses = pausesOf(question);
  const gateDigest =
    namedPauses.length === 0 ? subjectDigest : hashJson({ ...subject, pauses: namedPauses });
  return { gateDigest, subjectDigest, namedPauses };
}

/**
 * Shape: evidence hashes in order of kind; action type and arguments hash null where the node is
 * about no action; factors, universes and purpose only where the proposal names some.
 */
function subjectOf(
  state: MissionState,
  { spec, evidence, attempt }: GateQuestion,
  proposal: Proposed,
) {
  const action = proposal?.action;
  return {
    missionId: state.missionId,
    nodeId: spec.id,
    planHash: state.plan.hash,
    actionType: action?.type ?? null,
    argsHash: action?.argsHash ?? null,
    evidenceHashes: evidence.map((bundle) => bundle.hash),
    policyHash: state.policy.hash,
    risk: spec.risk,
    attempt,
    ...(proposal?.factors === undefined ? {} : { factors: proposal.factors }),
    // Absent, not null, where there are none: such a digest is what it was before they existed.
    ...(proposal?.universes && { universesHash: hashJson(proposal.universes) }),
    ...(proposal?.purpose === undefined ? {} : { purpose: proposal.purpose }),
    // Gate 4 reads the rationale of such a node, so who overrides its pause must have seen this one.
    ...(spec.criteria && { rationaleHash: hashJson(proposal?.rationale ?? "") }),
  };
}
