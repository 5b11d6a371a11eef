/**
 * The Planner over HTTP, from a brief to a mission that is open, and the zone registry: who may use which
 * skill where, and what a plan may not cross. Source: docs/planner.md, docs/architect.md.
 */
import { beforeAll, describe, expect, it } from "vitest";
import vendorSwitch from "../../examples/vendor-switch.brief.json";
import { zoneOf } from "../../shared/architect/index.ts";
import { teamStub } from "../../worker/missions.ts";
import type { Env } from "../../worker/env.ts";
import { env } from "cloudflare:workers";
import {
  call,
  callerOf,
  expectStatus,
  openMission,
  setUpTeam,
  SMALL_PLAN,
} from "../support/api.ts";

const TEAM = "planning";
const [HERE, THERE] = ["acme/ops/buying/parts", "acme/ops/buying/tools"];
const agent = callerOf(TEAM, "agent");
const admin = callerOf(TEAM, "admin");
const operator = callerOf(TEAM, "operator");
const compile = (body: unknown) => call(agent, "POST", "/v1/plans/compile", body);
const errorsOf = (body: Record<string, unknown>) =>
  (body["errors"] as readonly { code?: string; pointer: string }[]).map(
    ({ code, pointer }) => `${code} ${pointer}`,
  );

beforeAll(async () => {
  await setUpTeam(TEAM);
});

describe("compiling", () => {
  it("makes of the vendor switch brief a plan that opens as a mission under its hash", async () => {
    const { body } = await expectStatus(compile({ brief: vendorSwitch }), 200);
    expect(body["order"]).toEqual([
      "propose",
      "validate",
      "approve",
      "execute",
      "complete",
      "audit",
    ]);
    expect(body["gates"]).toHaveLength(6);
    const opened = await expectStatus(
      call(agent, "POST", "/v1/missions", { plan: body["plan"] }),
      201,
    );
    expect(opened.body["planHash"]).toBe(body["planHash"]);
    expect(opened.body["ready"]).toEqual(["propose"]);
  });

  it("looks at a plan without opening it", async () => {
    const { body } = await expectStatus(compile({ plan: SMALL_PLAN }), 200);
    expect(body).toMatchObject({ order: ["decide"], gates: [{ node: "decide" }] });
    expect(body).not.toHaveProperty("briefHash");
  });

  it("answers every violation of a brief and of a plan with its place and fix", async () => {
    const [first, ...others] = vendorSwitch.judgements;
    const brief = {
      ...vendorSwitch,
      judgements: [{ ...first, risk: 2, inputs: ["q"] }, ...others],
    };
    const refused = await expectStatus(compile({ brief }), 422);
    expect(refused.body["code"]).toBe("brief_invalid");
    expect(errorsOf(refused.body)).toEqual([
      "input_unsupplied /brief/judgements/0/inputs/0",
      "exit_test_missing /brief/judgements/0/tests",
    ]);
    const plan = { ...SMALL_PLAN, edges: [{ from: "decide", to: "decide" }] };
    const unsound = await expectStatus(compile({ plan }), 422);
    expect(unsound.body["code"]).toBe("plan_invalid");
    expect(errorsOf(unsound.body)).toEqual(["edge_self_loop /plan/edges/0"]);
  });

  it("compares an altered brief with the plan that exists", async () => {
    const { body } = await expectStatus(compile({ brief: vendorSwitch }), 200);
    const more = { id: "tell", deliverable: "record", title: "Tell the plants", kind: "approval" };
    const judgements = [...vendorSwitch.judgements, { ...more, risk: 1, inputs: ["closure"] }];
    const grown = { brief: { ...vendorSwitch, judgements }, against: body["plan"] };
    const { body: altered } = await expectStatus(compile(grown), 200);
    expect(altered["drift"]).toMatchObject({
      added: ["tell"],
      refusals: [],
      amendment: { edges: [{ from: "complete", to: "tell" }] },
    });
    const broken = { brief: vendorSwitch, against: { ...SMALL_PLAN, phases: ["x"] } };
    const refused = await expectStatus(compile(broken), 422);
    expect(errorsOf(refused.body)).toEqual(["phase_unknown /against/nodes/0/phase"]);
  });

  it.each([
    {},
    { brief: vendorSwitch, plan: SMALL_PLAN },
    { plan: SMALL_PLAN, against: SMALL_PLAN },
  ])("takes a brief or a plan, not %#", async (body) => {
    expect((await compile(body)).body["code"]).toBe("request_invalid");
  });
});

describe("a registered zone", () => {
  const put = (body: unknown) => call(admin, "POST", "/v1/zones", body);
  const zone = { zone: HERE, skills: ["buying"], owns: ["orders"], handsTo: [THERE] };
  const worker = { id: "agent.buyer", zone: HERE, skills: ["buying"] };
  const facts = () => teamStub(env as unknown as Env, TEAM).agentFacts("agent.buyer");

  it("is listed as it was put", async () => {
    await expectStatus(put(zone), 200);
    const { body } = await expectStatus(call(admin, "GET", "/v1/zones"), 200);
    expect(body["items"]).toEqual([zone]);
    expect(zoneOf(`${HERE}/agent.buyer`)).toBe(HERE);
  });

  it("is a full coordinate", async () => {
    const refused = await put({ zone: "acme/ops" });
    expect(errorsOf(refused.body)).toEqual(["undefined /zone"]);
  });

  it("admits no agent with a skill it does not list", async () => {
    const extra = { ...worker, skills: ["buying", "selling"] };
    const refused = await expectStatus(call(admin, "POST", "/v1/agents", extra), 422);
    expect(refused.body).toMatchObject({
      code: "skill_not_registered",
      zone: HERE,
      skills: ["selling"],
    });
    await expectStatus(call(admin, "POST", "/v1/agents", worker), 200);
    await expectStatus(call(admin, "POST", "/v1/agents", { ...extra, zone: "elsewhere" }), 200);
    await expectStatus(call(admin, "POST", "/v1/agents", worker), 200);
  });

  it("takes a struck-off skill from its agents at once", async () => {
    expect((await facts())?.skills).toEqual(["buying"]);
    await expectStatus(put({ ...zone, skills: [] }), 200);
    expect((await facts())?.skills).toEqual([]);
    await expectStatus(put(zone), 200);
    expect((await facts())?.skills).toEqual(["buying"]);
  });

  it("owns what no other zone may claim", async () => {
    const refused = await expectStatus(put({ zone: THERE, owns: ["orders"] }), 409);
    expect(refused.body).toMatchObject({ code: "zone_owns_foreign", owned: "orders", owner: HERE });
  });

  it("bounds the plans that compile and open, with the boundary named", async () => {
    const [small] = SMALL_PLAN.nodes;
    const crossing = {
      ...SMALL_PLAN,
      nodes: [
        { ...small, zone: HERE, skill: "selling" },
        { ...small, id: "next", zone: THERE, writeSet: ["orders#2027"] },
        { ...small, id: "back", zone: HERE },
      ],
      edges: [
        { from: "decide", to: "next" },
        { from: "next", to: "back" },
      ],
    };
    const expected = [
      "boundary_crossed /plan/edges/1",
      "skill_boundary_crossed /plan/nodes/0/skill",
      "slice_boundary_crossed /plan/nodes/1/writeSet/0",
    ];
    const looked = await expectStatus(compile({ plan: crossing }), 422);
    expect(errorsOf(looked.body)).toEqual(expected);
    const opened = await expectStatus(call(agent, "POST", "/v1/missions", { plan: crossing }), 422);
    expect(errorsOf(opened.body)).toEqual(expected);
    expect(JSON.stringify(opened.body)).toContain(`hands work of ${THERE} to ${HERE}`);
  });

  it("bounds what has no zone and writes what a zone owns, when it opens and when it is amended", async () => {
    const [small] = SMALL_PLAN.nodes;
    const writer = { ...small, id: "writer", writeSet: ["orders#2027"] };
    const plan = { ...SMALL_PLAN, nodes: [writer], edges: [] };
    const opened = await expectStatus(call(agent, "POST", "/v1/missions", { plan }), 422);
    expect(errorsOf(opened.body)).toEqual(["slice_boundary_crossed /plan/nodes/0/writeSet/0"]);
    const mission = await openMission(TEAM);
    const change = { title: "More", reason: "a requirement came up", nodes: [writer] };
    const path = `/v1/missions/${mission}/amendments`;
    const amended = await expectStatus(call(operator, "POST", path, change), 422);
    expect(errorsOf(amended.body)).toEqual(["slice_boundary_crossed /nodes/0/writeSet/0"]);
  });
});
