/**
 * Missions opened straight at their objects, for tests of the object itself: one plan, one policy,
 * literal times, and commands with only what a test cares about.
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { MissionObject } from "../../durable-objects/index.ts";
import { hashJson } from "../../shared/canonical.ts";
import { createEvidenceBundle, evidenceInputSchema } from "../../shared/evidence/index.ts";
import type { Command } from "../../shared/mission/index.ts";
import {
  type CompiledPlan,
  compilePlan,
  type PlanInput,
  planSchema,
} from "../../shared/plan/index.ts";
import { type PolicyDocument, policyDocumentSchema } from "../../shared/policy/index.ts";
import type { ExecuteRequest, MissionRpc, TeamRpc } from "../../shared/wire/rpc.ts";

export const TEAM = "payments";
export const AGENT = { id: "agent-a", skills: [], zone: null, banned: false } as const;

/**
 * A decision, then an execution, then a system node: the shortest mission with an effect. Missions of a team
 * share their slices, so each writes one that no other test of the file waits for.
 */
export function shortPlan(missionId: string, slice = `ledger#${missionId}`): PlanInput {
  return { ...SHORT_PLAN, nodes: SHORT_PLAN.nodes.map((node) => writing(node, slice)) };
}

function writing(node: PlanInput["nodes"][number], slice: string): PlanInput["nodes"][number] {
  return node.kind === "execution" ? { ...node, writeSet: [slice] } : node;
}

const SHORT_PLAN: PlanInput = {
  title: "Refund one order",
  phases: ["work"],
  nodes: [
    {
      id: "decide",
      kind: "decision",
      phase: "work",
      title: "Decide",
      risk: 1,
      ownerR: "agent",
      ownerX: "agent",
      outputs: ["amount"],
      evidenceOut: ["order"],
    },
    {
      id: "pay",
      kind: "execution",
      phase: "work",
      title: "Pay",
      risk: 2,
      ownerR: "agent",
      ownerX: "agent",
      action: { type: "refund.issue" },
    },
    {
      id: "close",
      kind: "decision",
      phase: "work",
      title: "Close",
      risk: 1,
      ownerR: "system",
      ownerX: "system",
    },
  ],
  edges: [
    { from: "decide", to: "pay" },
    { from: "pay", to: "close" },
  ],
};

const POLICY: PolicyDocument = policyDocumentSchema.parse({
  name: "refunds",
  rules: [
    { id: "decisions", effect: "permit", kinds: ["decision", "approval"] },
    { id: "refunds", effect: "permit", kinds: ["execution"], actions: ["refund.issue"] },
  ],
});

function compiled(plan: PlanInput): CompiledPlan {
  const result = compilePlan(planSchema.parse(plan));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

let missions = 0;

/** A mission id no other test of the file has. */
export function freshMissionId(): string {
  missions += 1;
  return missionIdOf(missions);
}

/** The id `freshMissionId` gave last. */
export function lastMissionId(): string {
  return missionIdOf(missions);
}

function missionIdOf(count: number): string {
  return `msn_019a9f4e-0000-7000-8000-${count.toString(16).padStart(12, "0")}`;
}

export function teamObject(): TeamRpc {
  const namespace = (env as unknown as { TEAM: DurableObjectNamespace }).TEAM;
  return namespace.getByName(TEAM) as unknown as TeamRpc;
}

/** The stub as its contract. The platform's own stub type unfolds the JSON types without end. */
export function missionObject(missionId: string): MissionRpc {
  const namespace = (env as unknown as { MISSION: DurableObjectNamespace<MissionObject> }).MISSION;
  return namespace.getByName(`${TEAM}/${missionId}`) as unknown as MissionRpc;
}

/** Runs `work` inside the object, with its storage. */
export async function inside<T>(
  stub: MissionRpc,
  work: (storage: DurableObjectStorage, instance: MissionObject) => T | Promise<T>,
): Promise<T> {
  return runInDurableObject(asStub(stub), (instance, state) => work(state.storage, instance));
}

/** Memory gone, rows kept. */
export async function evict(stub: MissionRpc): Promise<void> {
  await evictDurableObject(asStub(stub));
}

export async function runAlarm(stub: MissionRpc): Promise<boolean> {
  return runDurableObjectAlarm(asStub(stub));
}

function asStub(stub: MissionRpc): DurableObjectStub<MissionObject> {
  return stub as unknown as DurableObjectStub<MissionObject>;
}

/** The wall clock, because the object's own alarms and tickets run by it. */
export function now(): number {
  return Date.now();
}

const TERMS = {
  issuer: "https://api.sekisho.test",
  audience: "sekisho-gateway",
  ttlMs: 60_000,
} as const;

type Bare<C> = C extends Command
  ? Omit<C, "at" | "actor" | "entropy" | "terms" | "agent"> &
      Partial<Pick<C, Extract<keyof C, "at" | "actor" | "agent">>>
  : never;

/** A request to execute `command`, by the agent and now unless it says otherwise. */
export function request(
  command: Bare<Command>,
  extras: Partial<Omit<ExecuteRequest, "command">> = {},
): ExecuteRequest {
  const full = {
    at: now(),
    actor: { kind: "agent", id: AGENT.id },
    entropy: hashJson([command.type, missions, now(), extras.idempotency?.key ?? null]).slice(
      0,
      32,
    ),
    terms: TERMS,
    agent: AGENT,
    ...command,
  } as Command;
  return { team: TEAM, command: full, idempotency: null, ifMatch: null, ...extras };
}

export function openRequest(
  missionId: string,
  plan: PlanInput = shortPlan(missionId),
  extras: Partial<Omit<ExecuteRequest, "command">> = {},
): ExecuteRequest {
  const policy = {
    version: "pol_019a9f4e-0000-7000-8000-00000000000a",
    hash: hashJson(POLICY),
    document: POLICY,
  };
  return request(
    { type: "OpenMission", missionId, team: TEAM, plan: compiled(plan), inputs: [], policy },
    extras,
  );
}

/** A bundle of `kind`; another `note` makes it another bundle. */
export function bundle(kind: string, note = "first") {
  const claim = {
    id: "c1",
    subject: "order 7",
    predicate: "was returned",
    value: true,
    statement: `Order 7 was returned (${note}).`,
    confidence: 0.9,
    sources: [{ identifier: "https://orders.example/7", kind: "primary", title: "Order 7" }],
  };
  return createEvidenceBundle(evidenceInputSchema.parse({ kind, claims: [claim] }), AGENT.id);
}

export function proposeRequest(
  nodeId: string,
  action: { type: string; args: Record<string, string | number> } | null,
  extras: Partial<Omit<ExecuteRequest, "command">> = {},
): ExecuteRequest {
  const proposal = {
    id: `prp_019a9f4e-0000-7000-8000-00000000000b`,
    rationale: "the goods came back",
    action,
  };
  return request({ type: "Propose", nodeId, proposal, agent: AGENT }, extras);
}

/** Runs the short plan up to the ticket of `pay`; the ticket is outstanding when this returns. */
export async function runToTicket(
  stub: MissionRpc,
  missionId: string,
  plan = shortPlan(missionId),
): Promise<void> {
  const steps = [
    openRequest(missionId, plan),
    proposeRequest("decide", null),
    request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order") }),
    request({ type: "SubmitResult", nodeId: "decide", outputs: { amount: 40 }, tests: [] }),
    proposeRequest("pay", { type: "refund.issue", args: { order: 7, amount: 40 } }),
  ];
  for (const step of steps) {
    const executed = await stub.execute(step);
    if (!executed.ok) throw new Error(`${step.command.type}: ${JSON.stringify(executed.error)}`);
  }
}
