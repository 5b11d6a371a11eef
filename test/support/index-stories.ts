/**
 * Stories for tests of the read model: traces made by the real core, with an approval, a denial of the
 * gateway and an incident in them, and ways to cut a trace into the index queue's messages.
 */
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { IndexMessage } from "../../shared/wire/message.ts";
import {
  decisionNode,
  denial,
  executionNode,
  MISSION,
  person,
  plan,
  systemNode,
  TEAM,
} from "./builders.ts";
import { openMission, propose, recordDenial, submitResult, vendorSwitch } from "./commands.ts";
import { approves, given, reports } from "./scenario.ts";

/** Decide, then switch with a person's approval, then close; a forged ticket is refused on the way. */
export function storyOf(missionId: string = MISSION, team: string = TEAM): readonly TraceEvent[] {
  const nodes = [
    decisionNode("decide"),
    executionNode("switch", { risk: 3, ownerR: "human" }),
    systemNode("close"),
  ];
  const { events } = given(
    openMission(plan(nodes, { title: `Mission ${missionId.slice(-4)}` }), { missionId, team }),
    propose(1, "decide"),
    submitResult(2, "decide"),
    propose(3, "switch", { action: vendorSwitch({ to: "b" }) }),
    recordDenial(4, denial(null)),
    approves(5, "switch", person("ada"), { missionId }),
    reports(6, "switch"),
  );
  return events;
}

/** The message for the events in (afterSeq, toSeq]; without the events themselves when `whole` is false. */
export function messageOf(
  events: readonly TraceEvent[],
  afterSeq: number,
  toSeq: number,
  { team = TEAM, whole = true } = {},
): IndexMessage {
  const own = events.filter((event) => event.seq > afterSeq && event.seq <= toSeq);
  const missionId = events[0]?.missionId ?? MISSION;
  const carried = whole ? (structuredClone(own) as unknown as IndexMessage["events"]) : null;
  return { kind: "index", team, missionId, afterSeq, toSeq, events: carried };
}

/** A trace cut into consecutive messages of the given lengths; the last takes the rest. */
export function cut(
  events: readonly TraceEvent[],
  lengths: readonly number[],
  options: { readonly team?: string; readonly whole?: boolean } = {},
): readonly IndexMessage[] {
  const messages: IndexMessage[] = [];
  let after = -1;
  for (const length of [...lengths, events.length]) {
    const to = Math.min(after + length, events.length - 1);
    if (to > after) messages.push(messageOf(events, after, to, options));
    after = to;
  }
  return messages;
}

/** A queue message that remembers how it was settled: `ack`, or the delay it asked for. */
export function queueMessage(body: unknown, attempts = 1) {
  const settled: ("ack" | number)[] = [];
  return {
    id: `m-${Math.abs(JSON.stringify(body).length)}`,
    body,
    attempts,
    settled,
    ack: () => void settled.push("ack"),
    retry: (options?: QueueRetryOptions) => void settled.push(options?.delaySeconds ?? 0),
  };
}
