/**
 * What agents and onlookers do in a story, over the public API: submit evidence, propose, submit results,
 * wait for a state. Each verb checks the answer it was promised, so a story reads as what happened.
 */
import type { EvidenceInput } from "../../shared/evidence/index.ts";
import type { MissionView, NodeView } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { type ApiAnswer, isRecord } from "../cli/api-client.ts";
import { cell } from "../cli/print.ts";
import { must, mustCome, mustEqual, mustHave } from "./must.ts";
import { type World, get, post } from "./world.ts";

export interface Action {
  readonly type: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The answer to a proposal, and to results: what the gate said, and where the node is now. */
export interface GateAnswer {
  readonly status: number;
  readonly nodeState: string;
  readonly gateResult: {
    readonly verdict: "allow" | "pause" | "block" | "seal";
    readonly reasons: readonly {
      readonly code: string;
      readonly detail: string;
      readonly counterfactual?: string;
    }[];
  };
  readonly gateDigest: string | null;
}

/** One mission, seen and worked on by the world's hands. */
export interface Stage {
  readonly world: World;
  readonly missionId: string;
  view(): Promise<MissionView>;
  node(id: string): Promise<NodeView>;
  untilNode(id: string, state: NodeView["state"], deadlineMs?: number): Promise<NodeView>;
  untilMission(state: MissionView["state"]): Promise<MissionView>;
  trace(): Promise<readonly TraceEvent[]>;
  evidence(agent: string, node: string, bundle: EvidenceInput): Promise<void>;
  propose(agent: string, node: string, rationale: string, action?: Action): Promise<GateAnswer>;
  results(
    agent: string,
    node: string,
    outputs: Readonly<Record<string, unknown>>,
    tests?: readonly { readonly id: string; readonly passed: boolean }[],
  ): Promise<GateAnswer>;
}

/** Opens the example's mission as the operator. */
export async function openMission(
  world: World,
): Promise<{ stage: Stage; opened: Readonly<Record<string, unknown>> }> {
  const opened = await post(world.operator, "/v1/missions", world.example.mission);
  return { stage: createStage(world, String(opened["missionId"])), opened };
}

function createStage(world: World, missionId: string): Stage {
  const base = `/v1/missions/${missionId}`;
  const view = async () => (await get(world.operator, base)) as MissionView;
  const node = async (id: string) =>
    mustHave(
      (await view()).nodes.find((found) => found.id === id),
      `the mission has a node ${id}`,
    );
  const work = async (agent: string, id: string, verb: string, body: unknown) => {
    const answered = await (await world.agent(agent)).post(`${base}/nodes/${id}/${verb}`, body);
    must(answered.ok, `the API answers ${agent}'s ${verb}`, answered);
    return answered.value;
  };
  return {
    world,
    missionId,
    view,
    node,
    untilNode: (id, state, deadlineMs) =>
      mustCome(
        `${id} becomes ${state}`,
        () => node(id),
        (found) => found.state === state,
        deadlineMs,
      ),
    untilMission: (state) =>
      mustCome(`the mission becomes ${state}`, view, (found) => found.state === state),
    trace: () => exportTrace(world, missionId).then(parseTrace),
    async evidence(agent, id, bundle) {
      const answer = await work(agent, id, "evidence", bundle);
      mustEqual(answer.status, 201, `evidence ${bundle.kind} is taken at ${id} (${answer.text})`);
    },
    propose: async (agent, id, rationale, action) =>
      gateAnswer(await work(agent, id, "proposals", { rationale, action: action ?? null })),
    results: async (agent, id, outputs, tests = []) =>
      gateAnswer(await work(agent, id, "results", { outputs, tests })),
  };
}

/** The whole trace as it is exported: NDJSON, one canonical event a line. */
export async function exportTrace(world: World, missionId: string): Promise<string> {
  const path = `/v1/missions/${missionId}/trace`;
  const answered = await world.auditor.get(path, "application/x-ndjson");
  must(answered.ok && answered.value.status === 200, "the trace is exported", answered);
  return answered.value.text;
}

export function parseTrace(text: string): readonly TraceEvent[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TraceEvent);
}

function gateAnswer(answer: ApiAnswer): GateAnswer {
  const { status } = answer;
  // A refusal is a problem document, with the same answer as its extension member.
  const problem = isRecord(answer.body) ? answer.body : {};
  const body = isRecord(problem["answer"]) ? problem["answer"] : problem;
  must(isRecord(body["gateResult"]), "the answer carries a gate result", {
    status,
    body: answer.text,
  });
  const digest = body["gateDigest"];
  return {
    status,
    nodeState: String(body["nodeState"]),
    gateResult: body["gateResult"] as unknown as GateAnswer["gateResult"],
    gateDigest: typeof digest === "string" ? digest : null,
  };
}

/** An action in words: its type, then each argument. */
export function describeAction({ type, args }: Action): string {
  const named = Object.entries(args).map(([name, value]) => `${name} ${cell(value)}`);
  return [type, named.join(", ")].filter((part) => part !== "").join(": ");
}

/** The gate must say exactly this, for at least these reasons. */
export function mustSay(
  answer: GateAnswer,
  verdict: GateAnswer["gateResult"]["verdict"],
  codes: readonly string[] = [],
): void {
  const { gateResult } = answer;
  mustEqual(
    gateResult.verdict,
    verdict,
    `the gate's verdict (${JSON.stringify(gateResult.reasons)})`,
  );
  for (const code of codes) {
    must(
      gateResult.reasons.some((reason) => reason.code === code),
      `the gate gives the reason ${code}`,
      gateResult.reasons,
    );
  }
}

/** The first reason of a refusal, as one line. */
export function said(answer: GateAnswer): string {
  const [first] = answer.gateResult.reasons;
  return first === undefined ? "no reason given" : `${first.code}: ${first.detail}`;
}
