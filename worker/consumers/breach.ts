/**
 * Breaches told through the index queue: a mission whose chain no longer verifies cannot record its own
 * incident, so it is opened here. Anybody who can write to the queue can send one: it opens an incident
 * of the team that really has the mission it names, else of the operators', and does nothing else.
 */
import { breachMessageSchema, type BreachMessage } from "../../shared/wire/message.ts";
import { errorFacts, log } from "../log.ts";
import type { RaisedIncident } from "../read-model/project.ts";
import { unattributable, type DeadLetterDeps } from "./dead-letter.ts";
import type { QueueMessage } from "./indexing.ts";
import { INDEX_BACKOFF, retryDelaySeconds } from "./retry.ts";

export type BreachDeps = Pick<
  DeadLetterDeps,
  "isMissionKnown" | "openIncident" | "operatorTeam" | "random"
>;

/** Settles the breaches of a batch and gives back every other message. Never throws. */
export async function consumeBreaches<M extends QueueMessage>(
  messages: readonly M[],
  deps: BreachDeps,
): Promise<readonly M[]> {
  const others: M[] = [];
  for (const message of messages) {
    const breach = breachMessageSchema.safeParse(message.body);
    if (!breach.success) {
      others.push(message);
      continue;
    }
    const { team, missionId, at } = breach.data;
    try {
      if (await deps.isMissionKnown({ team, missionId })) {
        await deps.openIncident(team, incidentOf(breach.data));
      } else {
        const described = unattributable("sekisho-index", message.body);
        const incident = { ...described, seq: null, kind: "dead_letter", openedAt: at };
        await deps.openIncident(deps.operatorTeam, incident);
      }
      message.ack();
    } catch (thrown) {
      log("error", "index.breach_failed", { missionId, ...errorFacts(thrown) });
      message.retry({
        delaySeconds: retryDelaySeconds(INDEX_BACKOFF, message.attempts, deps.random()),
      });
    }
  }
  return others;
}

function incidentOf({ missionId, seq, detail, at }: BreachMessage): RaisedIncident {
  return {
    missionId,
    nodeId: null,
    // No seq: the event with that seq is what is broken, and may have had an incident of its own.
    seq: null,
    kind: "chain_broken",
    severity: "critical",
    reasonCodes: ["CHAIN_BROKEN"],
    summary: `The chain of mission ${missionId} does not verify from seq ${seq} on: ${detail}`,
    openedAt: at,
  };
}
