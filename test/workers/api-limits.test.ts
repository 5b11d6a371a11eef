/**
 * Sizes: the largest thing allowed passes the whole way into the trace and out again, and one byte more
 * is refused where it arrives, never as a fault further in.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import {
  call,
  callerOf,
  expectStatus,
  openMission,
  OPEN_POLICY,
  setUpTeam,
  SMALL_PLAN,
} from "../support/api.ts";

const TEAM = "limits-team";
const agent = callerOf(TEAM, "agent");
const auditor = callerOf(TEAM, "auditor");
const operator = callerOf(TEAM, "operator");

/** Just under the 256 KiB a policy may have, and permitting what the missions here do. */
const LARGEST_POLICY = {
  ...OPEN_POLICY,
  rules: [
    ...OPEN_POLICY.rules,
    ...Array.from({ length: 300 }, (_item, index) => ({
      id: `r${index}`,
      effect: "permit",
      kinds: ["decision"],
      zones: ["z".repeat(256), "y".repeat(256), "x".repeat(256)],
    })),
  ],
};

const bytesOf = (value: unknown) => new TextEncoder().encode(canonicalJson(value)).byteLength;

beforeAll(async () => {
  await setUpTeam(TEAM, LARGEST_POLICY);
});

/** A chain of decisions whose canonical JSON, defaults included, has exactly so many bytes. */
function planOf(bytes: number): object {
  const [node] = SMALL_PLAN.nodes;
  const filled = {
    agents: [],
    inputs: [],
    outputs: [],
    evidenceIn: [],
    evidenceOut: [],
    confidenceMin: 0.5,
    writeSet: [],
    attemptsMax: LIMITS.attemptsDefault,
  };
  const nodes = Array.from({ length: 460 }, (_item, index) => ({
    ...node,
    ...filled,
    id: `n${index}`,
    title: "t".repeat(1_900),
  }));
  const edges = nodes.slice(1).map(({ id }, index) => ({ from: `n${index}`, to: id }));
  const plan = { ...SMALL_PLAN, nodes, edges, missionInputs: [] };
  let missing = bytes - bytesOf(plan);
  for (const one of nodes) {
    const more = Math.min(missing, LIMITS.reasonTextCharsMax - one.title.length);
    one.title += "t".repeat(Math.max(0, more));
    missing -= Math.max(0, more);
  }
  if (missing !== 0) throw new Error(`the plan is ${missing} bytes off`);
  return plan;
}

describe("a plan", () => {
  it("as large as allowed, under the largest policy, opens and replays; one byte more is refused", async () => {
    const id = await openMission(TEAM, planOf(LIMITS.planBytesMax));
    const replayed = await expectStatus(
      call(auditor, "GET", `/v1/missions/${id}/replay?at=0`),
      200,
    );
    expect(replayed.body["head"]).toMatchObject({ seq: 0 });
    await expectStatus(call(auditor, "POST", "/v1/audit/verify", { missionId: id }), 200);
    const refused = await call(agent, "POST", "/v1/missions", {
      plan: planOf(LIMITS.planBytesMax + 1),
    });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "request_invalid", errors: [{ pointer: "/plan" }] });
  });
});

describe("at a node", () => {
  const path = (id: string, what: string) => `/v1/missions/${id}/nodes/decide/${what}`;

  /** An object of one text whose canonical JSON has so many bytes. */
  const objectOf = (bytes: number) => ({ x: "x".repeat(bytes - '{"x":""}'.length) });

  it("arguments as large as allowed reach the gate, one byte more are refused", async () => {
    const id = await openMission(TEAM);
    const propose = (bytes: number) =>
      call(agent, "POST", path(id, "proposals"), {
        rationale: "x",
        action: { type: "do.it", args: objectOf(bytes) },
      });
    expect((await propose(LIMITS.argsBytesMax)).body["code"]).toBe("gate_blocked");
    const refused = await propose(LIMITS.argsBytesMax + 1);
    expect(refused.body).toMatchObject({
      code: "request_invalid",
      errors: [{ pointer: "/action/args" }],
    });
  });

  it("outputs as large as allowed are recorded, one byte more are refused", async () => {
    const id = await openMission(TEAM);
    await expectStatus(call(agent, "POST", path(id, "proposals"), { rationale: "x" }), 200);
    const submit = (bytes: number) =>
      call(agent, "POST", path(id, "results"), {
        outputs: objectOf(bytes),
        tests: [{ id: "done", passed: true }],
      });
    const refused = await submit(LIMITS.evidenceBytesMax + 1);
    expect(refused.body).toMatchObject({
      code: "request_invalid",
      errors: [{ pointer: "/outputs" }],
    });
    await expectStatus(submit(LIMITS.evidenceBytesMax), 200);
    const { body } = await expectStatus(call(auditor, "GET", `/v1/missions/${id}`), 200);
    expect(body["state"]).toBe("completed");
  });

  it("evidence larger than allowed is refused", async () => {
    const id = await openMission(TEAM);
    const claim = (index: number) => ({
      id: `c${index}`,
      subject: "s",
      predicate: "p",
      value: "v".repeat(2_000),
      statement: "s",
      confidence: 1,
      sources: [],
    });
    const claims = Array.from({ length: 150 }, (_item, index) => claim(index));
    const refused = await call(agent, "POST", path(id, "evidence"), { kind: "brief", claims });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "request_invalid", errors: [{ pointer: "" }] });
  });
});

describe("a policy", () => {
  it("larger than allowed is refused", async () => {
    const rule = {
      id: "r",
      effect: "permit",
      kinds: ["decision"],
      zones: ["z".repeat(256), "y".repeat(256), "x".repeat(256)],
    };
    const rules = Array.from({ length: 400 }, (_item, index) => ({ ...rule, id: `r${index}` }));
    const document = { name: "big", rules };
    const refused = await call(operator, "POST", "/v1/policies", { document });
    expect(refused.body).toMatchObject({
      code: "request_invalid",
      errors: [{ pointer: "/document" }],
    });
  });
});
