/**
 * What happened in a random run, by name: laws over things that never happen prove nothing. Counted once a
 * run, because runs are independent of each other and what happens within one is not.
 */
import type { Result } from "../../shared/result.ts";
import { type Command, dataOf, type Rejection } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";

/** Evidence or a result of an agent that the directory does not vouch for. */
export function isUnvouched(command: Command): boolean {
  if (command.type !== "SubmitEvidence" && command.type !== "SubmitResult") return false;
  const { agent } = command;
  return agent === null || agent === "unavailable" || agent.banned;
}

/** What came of one command. */
export function outcomesOf(
  command: Command,
  decided: Result<readonly TraceEvent[], Rejection>,
): readonly string[] {
  const names = isUnvouched(command) ? [`unvouched ${command.type}`] : [];
  if (decided.ok)
    return [...names, `${decided.value.length === 0 ? "quiet" : "accepted"} ${command.type}`];
  const { error } = decided;
  names.push(`rejected ${error.reason}`, `rejected ${command.type} ${error.reason}`);
  if (error.reason === "receipt_refused") names.push(`receipt refused ${error.flaw}`);
  if (error.reason === "amendment_invalid")
    for (const { code } of error.violations) names.push(`amendment invalid ${code}`);
  return names;
}

/** What a whole trace holds. Names may come several times. */
export function happeningsOf(events: readonly TraceEvent[]): readonly string[] {
  return [
    ...events.flatMap(happening),
    ...secondThoughts(events),
    ...leftStale(events),
    ...sharedSlices(events),
    ...grown(events),
  ];
}

function happening(event: TraceEvent): readonly string[] {
  const { type, stateBefore, stateAfter, gateResult, data } = event;
  const names: string[] = [type];
  for (const { code, detail } of gateResult?.reasons ?? []) {
    names.push(`reason ${code}`);
    if (code === "EVIDENCE_CONTRADICTION" && / of evd_/.test(detail))
      names.push("blocked contradiction of sources");
    if (code === "APPROVAL_NOT_FOR_THIS_ACTION" && /other evidence/.test(detail))
      names.push("blocked evidence changed after the signature");
  }
  if (stateBefore !== stateAfter && stateAfter === "DONE") names.push("node DONE");
  switch (type) {
    case "gate.evaluated": {
      const { share, lease } = dataOf(event, "gate.evaluated");
      names.push(`gate ${gateResult?.verdict}`);
      if (share && stateAfter === "RUNNING")
        names.push(share.selected ? "review passed" : "review not drawn");
      if (Object.keys(lease?.fence ?? {}).length > 1) names.push("lease of several slices");
      break;
    }
    case "node.unblocked":
      names.push(`unblocked by ${dataOf(event, "node.unblocked").cause}`);
      if (stateAfter === "RUNNING") names.push("exit asked again");
      break;
    case "approval.voided":
      if (data["amendment"] !== undefined) names.push("amendment voided");
      else if (data["gateDigest"] === data["newGateDigest"])
        names.push("voided for another proposer");
      break;
    case "approval.denied":
    case "approval.expired":
    case "approval.granted":
      if (data["amendment"] !== undefined) names.push(`amendment ${type.split(".")[1]}`);
      break;
    case "node.failed":
      names.push(`failed ${dataOf(event, "node.failed").cause}`);
      break;
    case "receipt.recorded":
      names.push(`receipt ${dataOf(event, "receipt.recorded").receipt.outcome}`);
      break;
    case "evidence.submitted":
      for (const { status } of dataOf(event, "evidence.submitted").verification?.outcome.claims ??
        [])
        names.push(`verifiers say ${status}`);
      break;
    default:
  }
  return names;
}

/** Denials by somebody who had approved the same request. */
function secondThoughts(events: readonly TraceEvent[]): readonly string[] {
  const approved = new Set<string>();
  const names: string[] = [];
  for (const { type, nodeId, data } of events) {
    const word = JSON.stringify([nodeId, data["gateDigest"], data["approver"]]);
    if (type === "approval.granted") approved.add(word);
    if (type === "approval.denied" && approved.has(word)) names.push("denied by who approved");
  }
  return names;
}

/** Observations that were fresh when the gate first asked for them, and no longer when it asked again. */
function leftStale(events: readonly TraceEvent[]): readonly string[] {
  const fresh = new Set<string | null>();
  const names: string[] = [];
  for (const { type, nodeId, gateResult } of events) {
    if (type === "proposal.submitted") fresh.delete(nodeId);
    if (type !== "gate.evaluated") continue;
    const isStale = gateResult?.reasons.some(({ code }) => code === "UNIVERSE_STALE");
    if (!isStale) fresh.add(nodeId);
    else if (fresh.has(nodeId)) names.push("observation went stale");
  }
  return names;
}

/** Slices that several nodes wrote, one after the other. */
function sharedSlices(events: readonly TraceEvent[]): readonly string[] {
  const writers = new Map<string, Set<string | null>>();
  for (const event of events) {
    if (event.type !== "gate.evaluated") continue;
    for (const slice of Object.keys(dataOf(event, "gate.evaluated").lease?.fence ?? {}))
      writers.set(slice, (writers.get(slice) ?? new Set()).add(event.nodeId));
  }
  return [...writers.values()].flatMap(({ size }) => (size > 1 ? ["slice of several nodes"] : []));
}

/** Amendments that joined without and with people, and their nodes that were done. */
function grown(events: readonly TraceEvent[]): readonly string[] {
  const added = new Set<string | null>();
  const asked = new Set<unknown>();
  const names: string[] = [];
  for (const event of events) {
    if (event.type === "approval.granted") asked.add(event.data["amendment"]);
    if (event.type === "node.ready" || event.stateAfter !== "DONE") {
      if (event.type !== "mission.amended") continue;
      const { id, nodes } = dataOf(event, "mission.amended");
      names.push(asked.has(id) ? "amended by people" : "amended at once");
      for (const node of nodes) added.add(node);
    } else if (added.has(event.nodeId)) names.push("amended node DONE");
  }
  return names;
}
