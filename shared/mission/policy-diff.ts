/**
 * A policy run over what was recorded: every entry gate of a mission asked again under a candidate,
 * and every human decision compared with what the candidate would have made of it. Records nothing and
 * invents nothing: circumstances are those of the trace, the candidate's own history included, so a
 * flip says what this decision would have been, not what the mission would have become.
 * Specification: docs/policy.md, "Runs over recorded missions".
 */
import { evaluateEntry, type GateName, type GateQuestion, requirementOf } from "../gates/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import type { TraceEvent, Verdict } from "../trace/index.ts";
import { dataOf } from "./event.ts";
import { evolve } from "./evolve.ts";
import { factIn, withFact } from "./leases.ts";
import { heldAsking, questionOf, underPolicy } from "./question.ts";
import type { MissionState } from "./state.ts";

/** One decision that would have come out otherwise. */
export interface PolicyFlip {
  readonly missionId: string;
  readonly nodeId: string;
  readonly seq: number;
  readonly from: Verdict;
  readonly to: Verdict;
}

/** A human decision that the candidate would have run against. */
export interface PolicyContradiction {
  readonly missionId: string;
  readonly nodeId: string;
  readonly seq: number;
  readonly person: string;
  /** Approved then, and the candidate permits it to nobody; or denied then, and it would ask nobody. */
  readonly kind: "approved_now_blocked" | "denied_now_unasked";
}

/** Counts add up over missions. `wouldAllow` and `wouldStop` are kinds of flips; others stay apart. */
export interface PolicyRun {
  decisions: number;
  same: number;
  wouldAllow: number;
  wouldStop: number;
  otherwise: number;
  /** Decisions that the recorded policy itself would not make again: the code has changed since. */
  drifted: number;
  flips: PolicyFlip[];
  contradictions: PolicyContradiction[];
  /** True when there were more findings than are told. */
  isCut: boolean;
}

/** A run that has looked at nothing yet. */
export function createPolicyRun(): PolicyRun {
  return {
    decisions: 0,
    same: 0,
    wouldAllow: 0,
    wouldStop: 0,
    otherwise: 0,
    drifted: 0,
    flips: [],
    contradictions: [],
    isCut: false,
  };
}

/**
 * Re-decides one mission: give it every verified event of the trace, in order. O(events), and two
 * pipelines for each entry gate. Adds to `run`, at most `findingsMax` flips and contradictions each.
 */
export function redecideMission(
  run: PolicyRun,
  candidate: PinnedPolicy,
  findingsMax: number,
): (event: TraceEvent) => void {
  let state: MissionState | null = null;
  const keep = <T>(list: T[], finding: T) => {
    if (list.length < findingsMax) list.push(finding);
    else run.isCut = true;
  };
  return (event) => {
    if (state && event.nodeId !== null && state.plan.specById.has(event.nodeId)) {
      const flip = redecideGate(run, state, event, event.nodeId, candidate);
      if (flip) keep(run.flips, flip);
      const contradiction = contradictionOf(state, event, event.nodeId, candidate);
      if (contradiction) keep(run.contradictions, contradiction);
    }
    state = evolve(state, event);
  };
}

function redecideGate(
  run: PolicyRun,
  state: MissionState,
  event: TraceEvent,
  nodeId: string,
  candidate: PinnedPolicy,
): PolicyFlip | null {
  if (event.type !== "gate.evaluated" || dataOf(event, "gate.evaluated").phase !== "entry")
    return null;
  const asked = recordedQuestion(state, nodeId, event.at);
  const fact = factIn(event);
  const question = fact ? withFact(asked, fact) : asked;
  const from = evaluateEntry(question).verdict;
  const to = evaluateEntry(underPolicy(state, question, candidate)).verdict;
  if (from !== event.gateResult?.verdict) run.drifted += 1;
  countVerdicts(run, from, to);
  return from === to ? null : { missionId: event.missionId, nodeId, seq: event.seq, from, to };
}

/** Counts one decision by how two policies would have made it. */
export function countVerdicts(
  counts: Pick<PolicyRun, "decisions" | "same" | "wouldAllow" | "wouldStop" | "otherwise">,
  from: Verdict,
  to: Verdict,
): void {
  counts.decisions += 1;
  if (from === to) counts.same += 1;
  else if (to === "allow") counts.wouldAllow += 1;
  else if (from === "allow") counts.wouldStop += 1;
  else counts.otherwise += 1;
}

function contradictionOf(
  state: MissionState,
  event: TraceEvent,
  nodeId: string,
  candidate: PinnedPolicy,
): PolicyContradiction | null {
  if (event.type !== "approval.granted" && event.type !== "approval.denied") return null;
  const recorded = recordedQuestion(state, nodeId, event.at);
  const question = underPolicy(state, recorded, candidate);
  const approved = event.type === "approval.granted";
  const permits = isPermitted(question, recorded);
  // Denied then: a contradiction only where no person would be asked at all.
  if (approved ? permits : !permits || requirementOf(question) !== null) return null;
  return {
    missionId: event.missionId,
    nodeId,
    seq: event.seq,
    person: event.actor.id,
    kind: approved ? "approved_now_blocked" : "denied_now_unasked",
  };
}

function recordedQuestion(state: MissionState, nodeId: string, at: string): GateQuestion {
  return questionOf(state, nodeId, heldAsking(state, nodeId), at);
}

/** What ethics refused anyway (fabricated evidence, a purpose that the plan forbids) is not the candidate's doing. */
function isPermitted(question: GateQuestion, recorded: GateQuestion): boolean {
  if (verdictOf("policy", question) !== "allow") return false;
  return verdictOf("ethics", question) === "allow" || verdictOf("ethics", recorded) !== "allow";
}

function verdictOf(name: GateName, question: GateQuestion): Verdict | undefined {
  return evaluateEntry(question).gates.find(({ gate }) => gate === name)?.verdict;
}
