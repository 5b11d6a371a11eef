/**
 * Amendments and the team's registry of zones: what is new is held to it, what exists is not judged again, and
 * what was judged once stays readable whatever is registered later. Source: docs/architect.md.
 */
import { describe, expect, test } from "vitest";
import type { ZoneFacts } from "../../shared/architect/index.ts";
import { certifyReplay, evolve, foldTrace, stateHash } from "../../shared/mission/index.ts";
import { compilePlan, planSchema } from "../../shared/plan/index.ts";
import { compileAmendment } from "../../shared/plan/amendment.ts";
import { amend, amendment } from "../support/amendments.ts";
import {
  decisionNode,
  executionNode,
  permitting,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { eventsOf, given } from "../support/scenario.ts";

const BUYING = "acme/ops/supply/buying";
const SELLING = "acme/ops/supply/selling";
const zone = (name: string, facts: Partial<ZoneFacts> = {}): ZoneFacts => ({
  zone: name,
  skills: [],
  owns: [],
  handsTo: [],
  ...facts,
});
const bought = (id: string, extra: object = {}) => decisionNode(id, { zone: BUYING, ...extra });
const sold = (id: string, extra: object = {}) => decisionNode(id, { zone: SELLING, ...extra });

const BASE = plan([bought("a", { skill: "haggle" })]);

function wrongs(
  nodes: Parameters<typeof amendment>[0],
  edges: Parameters<typeof amendment>[1],
  registry: readonly ZoneFacts[],
) {
  const compiled = compileAmendment(BASE, amendment(nodes, edges), registry);
  return compiled.ok
    ? []
    : compiled.error.violations.map(({ code, pointer }) => `${code} ${pointer}`);
}

describe("what an amendment adds is held to the registry", () => {
  const registry = [zone(BUYING, { skills: ["haggle"] }), zone(SELLING, { owns: ["orders"] })];

  test("a skill that the zone has not registered", () => {
    expect(wrongs([bought("b", { skill: "sell" })], [], registry)).toEqual([
      "skill_boundary_crossed /nodes/0/skill",
    ]);
  });

  test("a slice that another zone owns, also from a node without a zone", () => {
    const nodes = [
      bought("b", { writeSet: ["orders#1"] }),
      decisionNode("c", { writeSet: ["orders#2"] }),
    ];
    expect(wrongs(nodes, [], registry)).toEqual([
      "slice_boundary_crossed /nodes/0/writeSet/0",
      "slice_boundary_crossed /nodes/1/writeSet/0",
    ]);
  });

  test("work handed over without a registered interface, and allowed with one", () => {
    const edges = [{ from: "a", to: "b" }];
    expect(wrongs([sold("b")], edges, registry)).toEqual(["boundary_crossed /edges/0"]);
    const open = [zone(BUYING, { skills: ["haggle"], handsTo: [SELLING] })];
    expect(wrongs([sold("b")], edges, open)).toEqual([]);
  });

  test("what exists is not: a skill struck off since holds up no amendment", () => {
    expect(wrongs([bought("b")], [], [zone(BUYING)])).toEqual([]);
    expect(wrongs([bought("b", { skill: "haggle" })], [], [zone(BUYING)])).toEqual([
      "skill_boundary_crossed /nodes/0/skill",
    ]);
  });

  test("what exists is not held to rules that are younger than it either", () => {
    const old = planSchema.parse({
      title: "Before the rule",
      phases: ["work"],
      nodes: [decisionNode("a", { evidencePolicy: {} })],
      edges: [],
    });
    const compiled = compilePlan(old, [], "recorded");
    if (!compiled.ok) throw new Error("a recorded plan compiles");
    const change = (extra: object) => amendment([decisionNode("b", extra)]);
    expect(compileAmendment(compiled.value, change({})).ok).toBe(true);
    expect(compileAmendment(compiled.value, change({ evidencePolicy: {} })).ok).toBe(false);
  });
});

describe("a plan that the registry let in", () => {
  const declared = [zone(BUYING)];
  const input = planSchema.parse({
    title: "Stricter than the registry",
    phases: ["work"],
    nodes: [bought("a", { skill: "haggle" })],
    edges: [],
    zones: declared,
  });

  test("is read again without it: the mission folds and is certified", () => {
    const compiled = compilePlan(input, [zone(BUYING, { skills: ["haggle"] })]);
    if (!compiled.ok) throw new Error("the registry allows it");
    const { run } = given(openMission(compiled.value));
    const again = foldTrace(run.events);
    expect(again && run.state && stateHash(again) === stateHash(run.state)).toBe(true);
    expect(certifyReplay(run.events)).toMatchObject({ certified: true, exact: true });
  });
});

describe("an amendment in a mission", () => {
  const AMENDABLE = policy([
    ...permitting("vendor.switch"),
    rule({ id: "amend", kinds: ["amendment"] }),
  ]);
  const open = openMission(BASE, { policy: AMENDABLE });
  const registry = [
    zone(BUYING, { skills: ["haggle"], handsTo: [SELLING] }),
    zone(SELLING, { owns: ["orders"] }),
    zone("acme/ops/supply/elsewhere"),
  ];
  const change = amendment([sold("b", { writeSet: ["orders#1"] })], [{ from: "a", to: "b" }]);

  test("that crosses a boundary is refused with the boundary named, and not recorded", () => {
    const nodes = [executionNode("b", { zone: BUYING, skill: "sell" })];
    given(open)
      .when(amend(1, amendment(nodes), { zones: registry }))
      .rejects("amendment_invalid");
  });

  test("records the zones it concerns, replays without the registry and is certified", () => {
    const { run } = given(open, amend(1, change, { zones: registry }));
    const [proposed] = eventsOf(run, "amendment.proposed");
    expect(proposed?.data["zones"]).toEqual(registry.slice(0, 2));
    expect(run.state?.plan.specById.has("b")).toBe(true);
    const state = run.events.reduce<ReturnType<typeof evolve> | null>(evolveAgain, null);
    expect(state && run.state && stateHash(state) === stateHash(run.state)).toBe(true);
    expect(certifyReplay(run.events)).toMatchObject({ certified: true, exact: true });
  });

  test("records none where none is registered", () => {
    const { run } = given(open, amend(1, amendment([bought("b")])));
    expect(eventsOf(run, "amendment.proposed")[0]?.data).not.toHaveProperty("zones");
  });
});

function evolveAgain(
  state: ReturnType<typeof evolve> | null,
  event: Parameters<typeof evolve>[1],
): ReturnType<typeof evolve> {
  return evolve(state, event);
}
