/**
 * Breaches told through the index queue: a mission whose chain no longer verifies cannot record its own
 * incident, so it is opened here. Anybody who can write to the queue can send one; it names a mission and
 * opens an incident, and does nothing else.
 */
import { breachMessageSchema } from "../../shared/wire/message.ts";
import { errorFacts, log } from "../log.ts";
import type { RaisedIncident } from "../read-model/project.ts";
import type { QueueMessage } from "./indexing.ts";
import { INDEX_BACKOFF, retryDelaySeconds } from "./retry.ts";

export interface BreachDeps {
  /** Numbered and in the index when it returns; the same incident twice is one. */
  readonly openIncident: (team: string, incident: RaisedIncident) => Promise<void>;
  readonly random: () => number;
}

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
    const { team, missionId, seq, detail, at } = breach.data;
    try {
      await deps.openIncident(team, {
        missionId,
        nodeId: null,
        // No seq: the event with that seq is what is broken, and may have had an incident of its own.
        seq: null,
        kind: "chain_broken",
        severity: "critical",
        reasonCodes: ["CHAIN_BROKEN"],
        summary: `The chain of mission ${missionId} does not verify from seq ${seq} on: ${detail}`,
        openedAt: at,
      });
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
