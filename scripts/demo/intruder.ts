/**
 * The intruder of a story: somebody who has read the exported trace and can write to the tickets queue.
 * Holds no key, so all it can do is present what was signed for others, again or bent.
 */
import { isRecord } from "../cli/api-client.ts";
import { cell } from "../cli/print.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { Stage } from "./hands.ts";
import { must, mustCome, mustEqual, mustHave } from "./must.ts";
import type { Teller } from "./terminal.ts";
import { get } from "./world.ts";

interface StolenTicket {
  readonly jws: string;
  readonly action: { readonly type: string; readonly args: Readonly<Record<string, unknown>> };
}

interface IncidentView {
  readonly id: string;
  readonly kind: string;
  readonly severity: string;
  readonly reasonCodes: readonly string[];
  readonly summary: string;
}

/** Presents the ticket of `node` again, then with `change` in its arguments; both must leave no mark outside. */
export async function tellIntrusion(
  stage: Stage,
  teller: Teller,
  attempt: { readonly node: string; readonly change: Readonly<Record<string, unknown>> },
): Promise<void> {
  const before = await stage.world.vendorLedger();
  const stolen = stealTicket(await stage.trace(), attempt.node);
  teller.line("Somebody has read the trace and can write to the tickets queue.");
  teller.line(`They take the used ticket of ${stolen.action.type} and present it again.`);
  await present(stage, stolen.jws, stolen.action);
  await tellIncident(stage, teller, "NONCE_USED");

  const [[name, value] = ["", ""]] = Object.entries(attempt.change);
  teller.line(`Then with one argument changed: ${name} = ${JSON.stringify(value)}.`);
  await present(stage, stolen.jws, {
    type: stolen.action.type,
    args: { ...stolen.action.args, ...attempt.change },
  });
  await tellIncident(stage, teller, "ARGS_HASH_MISMATCH");

  const after = await stage.world.vendorLedger();
  mustEqual(after, before, "nothing reached the vendor meanwhile");
  teller.good(
    `The vendor has still seen ${after.received} request${after.received === 1 ? "" : "s"}.`,
  );
}

/** Everything an onlooker of the trace gets: the signed ticket and the arguments it was signed for. */
function stealTicket(trace: readonly TraceEvent[], node: string): StolenTicket {
  const issued = mustHave(
    trace.findLast((event) => event.type === "ticket.issued" && event.nodeId === node),
    `a ticket was issued for ${node}`,
  );
  const proposed = mustHave(
    trace.findLast((event) => event.type === "proposal.submitted" && event.nodeId === node),
    `an action was proposed at ${node}`,
  );
  const jws = issued.data["ticket"];
  must(typeof jws === "string", "the trace holds the signed ticket", issued.data);
  const proposal = proposed.data["proposal"];
  const action = isRecord(proposal) ? proposal["action"] : null;
  must(
    isRecord(action) && isRecord(action["args"]),
    "the trace holds the proposed action",
    proposal,
  );
  return { jws, action: { type: cell(action["type"]), args: action["args"] } };
}

async function present(
  stage: Stage,
  ticket: string,
  action: StolenTicket["action"],
): Promise<void> {
  const { world, missionId } = stage;
  const team = (await stage.view()).team;
  await world.runtime.sendToQueue("sekisho-tickets", {
    kind: "ticket",
    team,
    missionId,
    ticket,
    action,
  });
}

/** Waits for the incident to be in the index, shows it, and checks that its context is there. */
async function tellIncident(stage: Stage, teller: Teller, reason: string): Promise<void> {
  const { auditor } = stage.world;
  const query = `/v1/incidents?mission=${stage.missionId}&reason=${reason}`;
  const found = await mustCome(
    `an incident with reason ${reason} is in the index`,
    async () => ((await get(auditor, query)) as { items: readonly IncidentView[] }).items,
    (items) => items.length > 0,
  );
  mustEqual(found.length, 1, `one incident with reason ${reason}`);
  const incident = mustHave(found[0], "the incident");
  const full = await get(auditor, `/v1/incidents/${encodeURIComponent(incident.id)}`);
  const context = isRecord(full) ? full["context"] : null;
  must(
    isRecord(context) && isRecord(context["incident"]) && Array.isArray(context["before"]),
    "the incident shows the events around it",
    full,
  );
  const { length } = context["before"];
  must(length > 0, "the incident shows what happened before it", context);
  teller.refused(`refused: ${reason}`, `${incident.id}, ${incident.severity}: ${incident.summary}`);
  teller.fact("context", `the ${length} events before it and what followed`);
}
