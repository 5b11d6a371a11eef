/** A sound trace of ten thousand events and more, made by the core itself: many nodes, refusals, evidence, results. */
import { canonicalJson } from "../../shared/canonical.ts";
import { decide, evolve, recordEvents, type MissionState } from "../../shared/mission/index.ts";
import type { Command } from "../../shared/mission/index.ts";
import { EMPTY_HEAD, type TraceEvent } from "../../shared/trace/index.ts";
import { agent, decisionNode, evidence, MISSION, plan, TICKET_KEY } from "../support/builders.ts";
import { openMission, propose, submitEvidence, submitResult } from "../support/commands.ts";
import { signTicket } from "../../shared/ticket/index.ts";

export const LONG_MISSION = MISSION;
const NODES = 400;
const KINDS = Array.from({ length: 20 }, (_, note) => `note-${note}`);

/** The trace as an export: one canonical event a line. */
export function longTrace(): string {
  const nodes = Array.from({ length: NODES }, (_, at) =>
    decisionNode(`n${at}`, { evidenceOut: KINDS }),
  );
  const compiled = plan(nodes);
  const events: TraceEvent[] = [];
  let state: MissionState | null = null;
  const run = (command: Command) => {
    const decided = decide(state, command);
    if (!decided.ok) throw new Error(JSON.stringify(decided.error));
    const sign = (claims: Parameters<typeof signTicket>[0]) =>
      signTicket(claims, TICKET_KEY.privateJwk);
    const recorded = recordEvents(state?.head ?? EMPTY_HEAD, MISSION, decided.value, sign);
    for (const event of recorded) state = evolve(state, event);
    events.push(...recorded);
  };
  run(openMission(compiled));
  let seconds = 0;
  for (let at = 0; at < NODES; at += 1) {
    const node = `n${at}`;
    // A refusal every tenth node: something for the marks to show.
    if (at % 10 === 9) {
      run(
        propose((seconds += 1), node, { by: "agent-x", agent: agent("agent-x", { banned: true }) }),
      );
    }
    run(propose((seconds += 1), node));
    for (const kind of KINDS) run(submitEvidence((seconds += 1), node, evidence(kind)));
    run(submitResult((seconds += 1), node));
  }
  return events.map((event) => `${canonicalJson(event)}\n`).join("");
}
