/**
 * `sekisho mission graph`: a mission's graph as a list by phase for a terminal, or as the SVG that the API
 * draws. The list holds every node and every edge, however many there are. Specification: docs/graph.md.
 */
import { writeFileSync } from "node:fs";
import type { MissionView, NodeView } from "../../shared/mission/index.ts";
import { STATE_SYMBOLS } from "../../shared/picture/index.ts";
import { err, ok } from "../../shared/result.ts";
import { clientOf, requireSuccess } from "./api-client.ts";
import { answer, type Command, messageOf, readArgs, usageError } from "./command.ts";

const GRAPH_USAGE = "mission graph ID [--svg [--out FILE]]";

export const missionGraph: Command = {
  usage: GRAPH_USAGE,
  summary: "show a mission's graph, as a list or as a picture",
  async run(context) {
    const args = readArgs(context, GRAPH_USAGE, ["ID"], {
      svg: { type: "boolean" },
      out: { type: "string" },
    });
    if (!args.ok) return args;
    const { svg = false, out } = args.value.values;
    if (out !== undefined && !svg) return usageError(GRAPH_USAGE, "--out belongs to --svg");
    const client = clientOf(context);
    const path = `/v1/missions/${encodeURIComponent(args.value.positionals[0] ?? "")}`;
    const asked = svg ? client.get(`${path}/graph.svg`, "image/svg+xml") : client.get(path);
    const got = requireSuccess(client, await asked);
    if (!got.ok) return got;
    if (!svg) {
      const { id, nodes, edges } = got.value.body as unknown as MissionView;
      return answer({ id, nodes: nodes.map(graphNode), edges }, listOf(nodes, edges));
    }
    if (out === undefined) return ok({ kind: "raw", text: got.value.text });
    try {
      writeFileSync(out, got.value.text);
    } catch (cause) {
      const next = `sekisho ${GRAPH_USAGE}`;
      return err({ exit: 2, message: `cannot write ${out}: ${messageOf(cause)}`, next });
    }
    return answer({ file: out }, `picture in ${out}`);
  },
};

function graphNode({ id, title, kind, phase, risk, state, verdict }: NodeView) {
  return { id, title, kind, phase, risk, state, verdict };
}

type ListedNode = Pick<NodeView, "id" | "kind" | "phase" | "risk" | "state" | "verdict">;

/** Phases in order, their nodes in topological order, and behind each what it waits for. */
export function listOf(nodes: readonly ListedNode[], edges: MissionView["edges"]): string {
  const sources = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const own = sources.get(to);
    if (own) own.push(from);
    else sources.set(to, [from]);
  }
  const byPhase = Map.groupBy(nodes, ({ phase }) => phase);
  const blocks = [...byPhase].map(([phase, own]) =>
    [phase, ...own.map((node) => nodeLine(node, sources.get(node.id) ?? []))].join("\n"),
  );
  const legend = Object.entries(STATE_SYMBOLS).map(([state, symbol]) => `${symbol} ${state}`);
  return [...blocks, legend.join("   ")].join("\n\n");
}

function nodeLine({ id, kind, risk, state, verdict }: ListedNode, from: readonly string[]): string {
  const word = verdict === null ? state : `${state} (${verdict})`;
  const waits = from.length === 0 ? "" : `  <- ${from.join(", ")}`;
  return `  ${STATE_SYMBOLS[state]} ${id}  ${word}  ${kind}, risk ${risk}${waits}`;
}
