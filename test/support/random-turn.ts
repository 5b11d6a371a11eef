/**
 * One turn of a random run: what a command is drawn from, who takes part, and what both the helpful and
 * the hostile ask of the mission as it stands.
 */
import fc from "fast-check";
import type { AgentFacts, MissionState, NodeRecord } from "../../shared/mission/index.ts";
import type { NodeSpec } from "../../shared/plan/index.ts";
import { agent, iso, type Person, person, signStatement, statement } from "./builders.ts";
import { ACTION, GROUP, OTHER_GROUP } from "./random-plan.ts";
import type { Run } from "./scenario.ts";

export interface StepGene {
  /** Of a thousand: below 620 what the mission needs, below 720 a change of plan or policy, else an attack. */
  readonly op: number;
  readonly pick: number;
  readonly variant: number;
  readonly pace: number;
}

export const stepGene: fc.Arbitrary<StepGene> = fc.record({
  op: fc.nat({ max: 999 }),
  pick: fc.nat({ max: 999 }),
  variant: fc.nat({ max: 999 }),
  pace: fc.nat({ max: 99 }),
});

/** `agent-a` is also an approver: the person who must never approve what they proposed. */
export const PEOPLE = [
  person("ann", { groups: [GROUP] }),
  person("ben", { groups: [GROUP, OTHER_GROUP] }),
  person("agent-a", { groups: [GROUP, OTHER_GROUP], keyNames: ["agent-a", "agent-a-second"] }),
  person("eve"),
] as const;

export interface Turn {
  readonly run: Run;
  readonly state: MissionState;
  readonly seconds: number;
  readonly gene: StepGene;
}

/** A node of the mission under way. */
export interface Entry {
  readonly id: string;
  readonly spec: NodeSpec;
  readonly record: NodeRecord;
}

export function chosen<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(items.length, 1)];
}

export function entriesOf(state: MissionState): readonly Entry[] {
  return state.plan.order.flatMap((id) => {
    const [spec, record] = [state.plan.specById.get(id), state.nodes.get(id)];
    return spec && record ? [{ id, spec, record }] : [];
  });
}

/** `by` as the directory must know them to be let in at the node. */
export function agentFor(spec: NodeSpec, by: string): AgentFacts {
  return agent(by, {
    skills: spec.skill === undefined ? [] : [spec.skill],
    zone: spec.zone ?? null,
  });
}

/** The action a node is about; a covered execution proposes exactly what was approved. */
export function actionOf(state: MissionState, spec: NodeSpec, amount: number) {
  if (spec.kind === "decision") return null;
  const covering = state.plan.approverOf.get(spec.id);
  const approved = covering === undefined ? null : state.nodes.get(covering)?.proposal?.action;
  return { type: ACTION, args: approved?.args ?? { currency: "EUR", amount } };
}

/** `who` signs for what the node's people are asked, or last were. */
export function signed(
  who: Person,
  nodeId: string,
  record: NodeRecord,
  seconds: number,
  changes: object = {},
  key = who.keys[0],
): string {
  const gateDigest = record.request?.gateDigest ?? record.ranDigest ?? "0".repeat(64);
  const about = { nodeId, gateDigest, attempt: record.attempt, approver: who.facts.id };
  return signStatement(
    {
      ...statement({ ...about, issuedAt: iso(seconds), expiresAt: iso(seconds + 1_000) }),
      ...changes,
    },
    key,
  );
}
