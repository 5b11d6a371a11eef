/**
 * Certification of inputs that the API would never have taken: what follows from them follows soundly, so
 * they have to be refused for their form. Source: docs/replay.md.
 */
import { describe, expect, test } from "vitest";
import { type EvidenceBundle, evidenceHash } from "../../shared/evidence/index.ts";
import { evidenceId } from "../../shared/ids.ts";
import {
  certifyReplay,
  type Command,
  evolve,
  type MissionState,
  type Proposal,
  recordEvents,
} from "../../shared/mission/index.ts";
import { type CompiledPlan, compilePlan, type Plan } from "../../shared/plan/index.ts";
import { signTicket } from "../../shared/ticket/index.ts";
import { EMPTY_HEAD, type TraceEvent } from "../../shared/trace/index.ts";
import {
  decisionNode,
  evidence,
  executionNode,
  MISSION,
  plan,
  TICKET_KEY,
} from "../support/builders.ts";
import {
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { decideLeased } from "../support/local-arbiter.ts";

/** What a forger records who runs this very code, but for the schemas before it. */
function recorded(...commands: readonly Command[]): readonly TraceEvent[] {
  let state: MissionState | null = null;
  const events: TraceEvent[] = [];
  for (const command of commands) {
    const decided = decideLeased(state, command);
    if (!decided.ok) throw new Error(`rejected: ${JSON.stringify(decided.error)}`);
    const linked = recordEvents(state?.head ?? EMPTY_HEAD, MISSION, decided.value, (claims) =>
      signTicket(claims, TICKET_KEY.privateJwk),
    );
    for (const event of linked) state = evolve(state, event);
    events.push(...linked);
  }
  return JSON.parse(JSON.stringify(events)) as readonly TraceEvent[];
}

function compiledAsIs(form: unknown): CompiledPlan {
  const compiled = compilePlan(form as Plan);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

const RISKY = plan([decisionNode("a", { risk: 4, ownerR: "human", approval: { quorum: 1 } })]);
const REGULATED = plan([
  executionNode("run", { universes: [{ id: "regulatory", budget: 0.5 }], allocation: {} }),
]);
const CALM = { id: "regulatory", risk: 0.4, evidence: 1, uncertainty: 0, constraints: [] };

const PROVEN = plan([decisionNode("a", { evidenceOut: ["proof"] })]);

const NEEDING = plan([decisionNode("a", { evidenceIn: ["proof"] })], {
  missionInputs: ["proof"],
});

function observing(members: object): Command {
  const usual = propose(1, "run", { action: vendorSwitch() });
  return { ...usual, proposal: { ...usual.proposal, ...members } as Proposal };
}

describe("a trace is not certified", () => {
  test("when its plan asks nobody where somebody must be asked", () => {
    const form = structuredClone(RISKY.plan);
    const [node] = form.nodes;
    if (node?.approval) node.approval.quorum = 0;
    const history = [propose(1, "a"), submitResult(2, "a")];
    const events = recorded(openMission(compiledAsIs(form)), ...history);
    expect(events.at(-1)?.type).toBe("mission.completed");
    expect(certifyReplay(events)).toMatchObject({ certified: false, seq: 0, member: "data.plan" });
  });

  test("when its plan leaves out what the schema fills in, such as how often a node may be tried", () => {
    const { nodes, ...rest } = structuredClone(plan([decisionNode("a")]).plan);
    const form = { ...rest, nodes: nodes.map(({ attemptsMax: _bound, ...node }) => node) };
    const events = recorded(openMission(compiledAsIs(form)), propose(1, "a"));
    expect(certifyReplay(events)).toMatchObject({ certified: false, seq: 0, member: "data.plan" });
  });

  test.each([
    ["a claim as sure as a word", { confidence: "x" }],
    ["a claim surer than sure", { confidence: 2 }],
    ["a claim with a member of its own", { trusted: true }],
  ])("when evidence holds %s, given to a node or to the mission", (_what, members) => {
    const sound = evidence("proof");
    const claims = sound.claims.map((held) => ({ ...held, ...members }));
    const content = { ...sound, claims } as EvidenceBundle;
    const hash = evidenceHash(content);
    const bundle = { ...content, hash, id: evidenceId(hash) };
    const given = recorded(openMission(PROVEN), submitEvidence(1, "a", bundle));
    expect(certifyReplay(given)).toMatchObject({ certified: false, member: "data.bundle" });
    const input = recorded(openMission(NEEDING, { inputs: [bundle] }));
    expect(certifyReplay(input)).toMatchObject({ certified: false, member: "data.inputs.0" });
    expect(
      certifyReplay(recorded(openMission(PROVEN), submitEvidence(1, "a", sound))),
    ).toMatchObject({ certified: true });
  });

  test.each([
    ["borders of the observer's own", { universes: [{ ...CALM, risk: 0.9, budget: 1 }] }],
    ["a risk that is no number", { universes: [{ ...CALM, risk: "low" }] }],
    ["a factor below nothing", { universes: [CALM], factors: { risk: -3 } }],
  ])("when a proposal observes or declares %s", (_what, members) => {
    expect(certifyReplay(recorded(openMission(REGULATED), observing(members)))).toMatchObject({
      certified: false,
      seq: 2,
      member: expect.stringMatching(/^data\.proposal\.(universes|factors)/) as string,
    });
  });

  test("while the same with what the API takes is", () => {
    const sound = observing({ universes: [CALM], factors: { risk: 0.1 } });
    expect(certifyReplay(recorded(openMission(REGULATED), sound)).certified).toBe(true);
  });
});

test("an observation cannot move the border it is held against", () => {
  const events = recorded(
    openMission(REGULATED),
    observing({ universes: [{ ...CALM, risk: 0.9, budget: 1, overBudget: "pause" }] }),
  );
  expect(events.find((event) => event.gateResult)?.gateResult).toMatchObject({
    verdict: "block",
    reasons: expect.arrayContaining([
      expect.objectContaining({ code: "RISK_OVER_BUDGET", gate: "universe" }),
    ]) as unknown,
  });
});
