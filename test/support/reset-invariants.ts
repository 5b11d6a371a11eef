/** What a reset and a ban must keep: nothing that has happened is started over, and nobody banned runs anything (I7, I8, I15). */
import { dataOf } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { Model, ModelNode, Say } from "./mission-model.ts";

/** Takes a `node.reset` into the model: a fresh attempt, and every attempt before it forgiven. */
export function noteReset(model: Model, node: ModelNode, event: TraceEvent, say: Say): void {
  const { attempt } = dataOf(event, "node.reset");
  const { ticket } = node;
  if (event.stateBefore === "NEW" || event.stateBefore === "DONE")
    say("I4", `seq ${event.seq}: a ${event.stateBefore} node is reset`);
  if (ticket?.outcome === "outstanding")
    say("I7", `seq ${event.seq}: reset while its ticket is out`);
  if (ticket?.attempt === node.attempt && ticket.outcome === "succeeded")
    say("I7", `seq ${event.seq}: what has been performed is reset`);
  if (node.inDoubt) say("I15", `seq ${event.seq}: an unknown outcome is reset`);
  if (attempt !== node.attempt + 1)
    say("I14", `seq ${event.seq}: attempt ${attempt} follows ${node.attempt}`);
  for (const slice of Object.keys(node.fence)) model.holders.delete(slice);
  node.fence = {};
  node.attempt = attempt;
  node.forgiven = attempt - 1;
  node.proposal = null;
  node.proposers.clear();
  node.result = null;
  node.approvals = [];
}

/** Takes an `agent.banned` into the model. */
export function noteBan(model: Model, event: TraceEvent): void {
  if (event.type === "agent.banned") model.banned.add(dataOf(event, "agent.banned").agent);
}

/** Whoever asked is no banned agent, at a gate that allowed. */
export function checkBan(model: Model, node: ModelNode, event: TraceEvent, say: Say): void {
  const agent = node.proposal?.agent.id;
  if (agent !== undefined && model.banned.has(agent))
    say("I8", `seq ${event.seq}: a gate allows what the banned agent ${agent} proposed`);
}
