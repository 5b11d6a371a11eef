/**
 * `sekisho mission`: open one from a file, list, show, and ask what is ready.
 */
import type { BlockedView, MissionView, NodeView } from "../../shared/mission/index.ts";
import { clientOf, isRecord, itemsIn, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs, readJsonInput } from "./command.ts";
import { cell, facts, shortHash, table } from "./print.ts";

const OPEN_USAGE = "mission open FILE [--idempotency-key KEY]";
const LIST_USAGE = "mission list [--state active|paused|stopped|completed]";
const SHOW_USAGE = "mission show ID";
const READY_USAGE = "mission ready ID";

/** FILE holds `{ "plan", "inputs"? }`, or an example file, whose `mission` member is that. */
export const missionOpen: Command = {
  usage: OPEN_USAGE,
  summary: "open a mission from a plan file",
  async run(context) {
    const args = readArgs(context, OPEN_USAGE, ["FILE"], { "idempotency-key": { type: "string" } });
    if (!args.ok) return args;
    const file = readJsonInput(args.value.positionals[0] ?? "");
    if (!file.ok) return file;
    const mission =
      isRecord(file.value) && "mission" in file.value ? file.value["mission"] : file.value;
    const key = args.value.values["idempotency-key"];
    const client = clientOf(context);
    const opened = requireSuccess(
      client,
      await client.post(
        "/v1/missions",
        mission,
        key === undefined ? {} : { "idempotency-key": key },
      ),
    );
    if (!opened.ok) return opened;
    const body = isRecord(opened.value.body) ? opened.value.body : {};
    const pairs = ["missionId", "state", "planHash", "policyVersion", "ready"].map(
      (name): [string, string] => [name, cell(body[name])],
    );
    return answer(body, facts(pairs));
  },
};

export const missionList: Command = {
  usage: LIST_USAGE,
  summary: "list the team's missions",
  async run(context) {
    const args = readArgs(context, LIST_USAGE, [], { state: { type: "string" } });
    if (!args.ok) return args;
    const { state } = args.value.values;
    const client = clientOf(context);
    const query = state === undefined ? "" : `?state=${encodeURIComponent(state)}`;
    const listed = requireSuccess(client, await client.get(`/v1/missions${query}`));
    if (!listed.ok) return listed;
    return answer(
      listed.value.body,
      table(
        ["ID", "STATE", "TITLE", "OPENED"],
        itemsIn(listed.value.body).map((item) =>
          ["id", "state", "title", "openedAt"].map((name) => cell(item[name])),
        ),
      ),
    );
  },
};

export const missionShow: Command = {
  usage: SHOW_USAGE,
  summary: "show a mission, its nodes and why they wait",
  async run(context) {
    const args = readArgs(context, SHOW_USAGE, ["ID"], {});
    if (!args.ok) return args;
    const client = clientOf(context);
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const shown = requireSuccess(client, await client.get(`/v1/missions/${id}`));
    if (!shown.ok) return shown;
    const view = shown.value.body as MissionView;
    const stuck = requireSuccess(client, await client.get(`/v1/missions/${id}/blocked`));
    if (!stuck.ok) return stuck;
    const blocked = stuck.value.body as unknown as BlockedView;
    const head = facts([
      ["mission", `${view.title} (${view.id})`],
      ["state", `${view.state}${view.sealed ? ", sealed" : ""}`],
      ["progress", `${view.progress.done} of ${view.progress.total} nodes done`],
      ["plan", shortHash(view.planHash)],
      ["policy", `${view.policy.version} ${shortHash(view.policy.hash)}`],
      ["opened", `${view.openedAt} by ${view.openedBy}`],
    ]);
    const nodes = `${nodeTable(view.nodes)}${reasonsOf(view.nodes)}`;
    return answer({ ...view, waitingOn: blocked }, `${head}\n\n${nodes}${waitingOn(blocked)}`);
  },
};

export const missionReady: Command = {
  usage: READY_USAGE,
  summary: "list the nodes whose turn it is",
  async run(context) {
    const args = readArgs(context, READY_USAGE, ["ID"], {});
    if (!args.ok) return args;
    const client = clientOf(context);
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const ready = requireSuccess(client, await client.get(`/v1/missions/${id}/ready`));
    if (!ready.ok) return ready;
    const nodes = itemsIn(ready.value.body) as unknown as readonly NodeView[];
    return answer(ready.value.body, nodeTable(nodes));
  },
};

function nodeTable(nodes: readonly NodeView[]): string {
  return table(
    ["NODE", "STATE", "KIND", "RISK", "DOES", "ATTEMPT", "VERDICT"],
    nodes.map((node) => [
      node.id,
      node.state,
      node.kind,
      String(node.risk),
      node.ownerX,
      `${node.attempt}/${node.attemptsMax}`,
      node.verdict ?? "",
    ]),
  );
}

/** What waits behind each BLOCKED node, and what goes on. */
function waitingOn({ items, waiting, goingOn }: BlockedView): string {
  const lines = items
    .filter((item) => item.waiting > 0)
    .map((item) => {
      const more = item.waiting > item.chain.length ? ", ..." : "";
      const count = `${item.atLeast ? "at least " : ""}${item.waiting}`;
      return `  on ${item.nodeId}: ${count} (${item.chain.join(", ")}${more})`;
    });
  if (lines.length === 0) return "";
  return `\n\nWaiting (${waiting} nodes; ${goingOn} go on):\n${lines.join("\n")}`;
}

function reasonsOf(nodes: readonly NodeView[]): string {
  const lines = nodes.flatMap((node) =>
    node.reasons.map(
      (reason) =>
        `  ${node.id}: ${reason.code}: ${reason.detail}` +
        (reason.counterfactual === undefined ? "" : `\n    would pass: ${reason.counterfactual}`),
    ),
  );
  return lines.length === 0 ? "" : `\n\nWhy they wait:\n${lines.join("\n")}`;
}
