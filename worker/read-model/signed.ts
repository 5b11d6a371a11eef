/**
 * What people were asked and what they signed, as rows that stay: the projection that attention is measured
 * from. The inbox keeps only the newest request of a node. Specification: docs/attention.md.
 */
import { wordsShown } from "../../shared/attention/index.ts";
import { dataOf } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { AskedRow, DecisionRow } from "./schema.ts";

/** The row of a request; null of any other event. */
export function askedRow(team: string, event: TraceEvent): AskedRow | null {
  if (event.type !== "approval.requested") return null;
  const { missionId, seq, at } = event;
  const { gateDigest, title, summary, action, pauses } = dataOf(event, event.type);
  const paused = (pauses ?? []).flatMap(({ gate, codes }) => [gate, ...codes]);
  const words = wordsShown([title, summary, action?.type, action?.args, ...paused]);
  return { team, missionId, seq, gateDigest, at, words };
}

/** The row of a signed approval or denial; null of any other event. */
export function decisionRow(team: string, event: TraceEvent): DecisionRow | null {
  if (event.type !== "approval.granted" && event.type !== "approval.denied") return null;
  const { missionId, seq, at } = event;
  const { gateDigest, approver } = dataOf(event, event.type);
  const decision = event.type === "approval.granted" ? "approve" : "deny";
  return { team, missionId, seq, gateDigest, approver, decision, at };
}
