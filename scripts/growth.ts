/**
 * How cost grows with size: compiles and runs missions of 1,000 and 10,000 nodes in the pure core and
 * prints both times and their ratio. Refuses to judge a machine; linear is a ratio near 10.
 * Run: node scripts/growth.ts
 */
import { generateKeyPairSync } from "node:crypto";
import { performance } from "node:perf_hooks";
import { hashJson } from "../shared/canonical.ts";
import type { PrivateJwk } from "../shared/crypto.ts";
import {
  certifyReplay,
  decide,
  evolve,
  type MissionState,
  recordEvents,
} from "../shared/mission/index.ts";
import { compilePlan, type PlanInput, planSchema } from "../shared/plan/index.ts";
import { policyDocumentSchema } from "../shared/policy/index.ts";
import { type Receipt, signTicket } from "../shared/ticket/index.ts";
import { EMPTY_HEAD, type TraceEvent } from "../shared/trace/index.ts";

const SIZES = [1_000, 10_000] as const;
const MISSION_ID = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
const KEY = ticketKey();
const START_MS = 1_767_225_600_000;

/** Who the nodes wait for; with the gateway, every ready node has its ticket out before any receipt comes. */
type Doer = "system" | "agent" | "gateway";

type Shape = (nodes: number) => readonly (readonly [number, number])[];

const SHAPES: Readonly<Record<string, Shape>> = {
  chain: (nodes) => Array.from({ length: nodes - 1 }, (_none, at) => [at, at + 1] as const),
  fan: (nodes) => Array.from({ length: nodes - 1 }, (_none, at) => [0, at + 1] as const),
  diamonds: (nodes) =>
    Array.from({ length: Math.floor((nodes - 1) / 3) }, (_none, at) => at * 3).flatMap(
      (at) =>
        [
          [at, at + 1],
          [at, at + 2],
          [at + 1, at + 3],
          [at + 2, at + 3],
        ] as const,
    ),
};

for (const doer of ["system", "agent", "gateway"] as const) {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const [small, large] = SIZES.map((size) => measure(doer, size, shape));
    if (!small || !large) continue;
    for (const what of ["compile", "run", "certify"] as const) {
      const ratio = (large[what] / small[what]).toFixed(1);
      const times = [small, large].map((times) => `${times[what].toFixed(0)} ms`).join(", ");
      console.log(`${doer} ${name} ${what}: ${times}; t(10,000)/t(1,000) = ${ratio}`);
    }
  }
}

function measure(doer: Doer, nodes: number, shape: Shape) {
  const input = planOf(doer, nodes, shape);
  const parsed = planSchema.parse(input);
  compilePlan(parsed);
  let started = performance.now();
  const compiled = compilePlan(parsed);
  const compile = performance.now() - started;
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error.violations[0]));
  started = performance.now();
  const events = runThrough(compiled.value, doer);
  const run = performance.now() - started;
  started = performance.now();
  const certified = certifyReplay(events);
  const certify = performance.now() - started;
  if (!certified.certified) throw new Error(`seq ${certified.seq} differs at ${certified.member}`);
  return { compile, run, certify };
}

function planOf(doer: Doer, nodes: number, shape: Shape): PlanInput {
  const tests = doer === "agent" ? [{ id: "ok", title: "it is ok" }] : [];
  const common = { phase: "work", risk: 1, ownerR: "agent" } as const;
  const own =
    doer === "gateway"
      ? ({ ...common, kind: "execution", ownerX: "agent", action: { type: "do.it" } } as const)
      : ({ ...common, kind: "decision", ownerX: doer, tests } as const);
  const name = (at: number) => `n${at}`;
  return {
    title: `${nodes} nodes`,
    phases: ["work"],
    nodes: Array.from({ length: nodes }, (_none, at) => ({
      ...own,
      id: name(at),
      title: name(at),
    })),
    edges: shape(nodes).map(([from, to]) => ({ from: name(from), to: name(to) })),
  };
}

/** Does what is due until nothing is: as an object does it, without storage. */
function runThrough(
  plan: Extract<Parameters<typeof decide>[1], { type: "OpenMission" }>["plan"],
  doer: Doer,
): readonly TraceEvent[] {
  const document = policyDocumentSchema.parse({
    name: "growth",
    rules: [
      { id: "decide", effect: "permit", kinds: ["decision"] },
      { id: "act", effect: "permit", kinds: ["execution"], actions: ["do.it"] },
    ],
  });
  const policy = {
    version: "pol_017f22e2-79b0-7cc3-98c4-dc0c0c073991",
    hash: hashJson(document),
    document,
  };
  const events: TraceEvent[] = [];
  let state: MissionState | null = null;
  let at = START_MS;
  const terms = { issuer: "i", audience: "a", ttlMs: 60_000 };
  const agent = { kind: "agent", id: "worker" } as const;
  const base = () => ({
    at: (at += 1),
    entropy: at.toString(16).padStart(32, "0"),
    terms,
    actor: agent,
  });
  const take = (command: Parameters<typeof decide>[1]) => {
    const decided = decide(state, command);
    if (!decided.ok) throw new Error(JSON.stringify(decided.error));
    const head = state?.head ?? EMPTY_HEAD;
    const recorded = recordEvents(head, MISSION_ID, decided.value, (claims) =>
      signTicket(claims, KEY),
    );
    for (const event of recorded)
      state = evolve(state, event, command.type === "OpenMission" ? command.plan : undefined);
    for (const event of recorded) events.push(event);
    return recorded;
  };
  const ready: string[] = [];
  const note = (recorded: readonly TraceEvent[]) => {
    for (const event of recorded)
      if (event.type === "node.ready" && event.nodeId) ready.push(event.nodeId);
  };
  note(
    take({
      ...base(),
      type: "OpenMission",
      missionId: MISSION_ID,
      team: "t",
      plan,
      inputs: [],
      policy,
    }),
  );
  work(doer, { take, note, base, ready });
  if (events.at(-1)?.type !== "mission.completed") throw new Error("the mission did not complete");
  return events;
}

interface Hands {
  readonly take: (command: Parameters<typeof decide>[1]) => readonly TraceEvent[];
  readonly note: (recorded: readonly TraceEvent[]) => void;
  readonly base: () => Pick<Parameters<typeof decide>[1], "at" | "entropy" | "terms" | "actor">;
  readonly ready: string[];
}

/** Does what is due, the way the doer does it. */
function work(doer: Doer, { take, note, base, ready }: Hands): void {
  const facts = { id: "worker", skills: [], zone: null, banned: false };
  const propose = (nodeId: string) => {
    const action = doer === "gateway" ? { type: "do.it", args: {} } : null;
    const proposal = { id: "prp_017f22e2-79b0-7cc3-98c4-dc0c0c07398f", rationale: "due", action };
    return take({ ...base(), type: "Propose", nodeId, proposal, agent: facts });
  };
  if (doer === "system") {
    while (take({ ...base(), type: "PassTime" }).length > 0);
  } else if (doer === "agent") {
    for (const nodeId of ready) {
      propose(nodeId);
      const tests = [{ id: "ok", passed: true }];
      note(take({ ...base(), type: "SubmitResult", nodeId, outputs: {}, tests, agent: facts }));
    }
  } else {
    while (ready.length > 0) {
      const issued = ready.splice(0).flatMap(propose);
      for (const event of issued) {
        if (event.type !== "ticket.issued") continue;
        const { jti } = event.data["claims"] as { readonly jti: string };
        note(take({ ...base(), type: "RecordReceipt", receipt: receiptOf(jti) }));
      }
    }
  }
}

function receiptOf(jti: string): Receipt {
  const digest = hashJson(jti);
  const at = "2026-01-01T00:00:00.000Z";
  return {
    jti,
    outcome: "succeeded",
    status: 200,
    requestDigest: digest,
    responseDigest: digest,
    detail: "done",
    startedAt: at,
    finishedAt: at,
  };
}

/** A key of this run alone: signing is part of what an execution costs. */
function ticketKey(): PrivateJwk {
  const { x = "", d = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { kty: "OKP", crv: "Ed25519", x, d, kid: "growth" };
}
