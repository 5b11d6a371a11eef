/** The face of the gates: the question, the two pipelines and the codebook. */
export { CODEBOOK_VERSION, GATES, REASON_CODES } from "./reasons.ts";
export type { GateName, Reason, ReasonCode, RecordedReason } from "./reasons.ts";
export type {
  AskingAgent,
  GateQuestion,
  NamedPause,
  ProposalFacts,
  ProposedAction,
} from "./question.ts";
export { evaluateEntry, type GateResult, pausesOf } from "./pipeline.ts";
export {
  AMEND_ACTION,
  amendmentLooseningOf,
  diffRequirement,
  evaluateDiff,
  type DiffQuestion,
} from "./diff.ts";
export { isSatisfied, requirementOf } from "./approval.ts";
export { requestOf } from "./override.ts";
export { agentReasons } from "./scope.ts";
export { evaluateExit, failedTests, type ExitQuestion } from "./exit.ts";
