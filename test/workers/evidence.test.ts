/**
 * Evidence and verifiers over HTTP: a bundle read back by its hash, receipts checked with the keys of
 * the directory, and human shares in a mission's view.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { evidenceContentHash, evidenceHash } from "../../shared/evidence/index.ts";
import { signJws } from "../../shared/jws.ts";
import { storedEvidenceSchema, verifierSchema } from "../../shared/wire/evidence.ts";
import { gateAnswerSchema } from "../../shared/wire/api.ts";
import { missionViewSchema } from "../../shared/wire/views.ts";
import {
  call,
  callerOf,
  createPerson,
  expectStatus,
  openMission,
  setUpTeam,
  SMALL_PLAN,
} from "../support/api.ts";

const TEAM = "evidence-team";
const admin = callerOf(TEAM, "admin");
const agent = callerOf(TEAM, "agent");
const auditor = callerOf(TEAM, "auditor");
const operator = callerOf(TEAM, "operator");
const verifierKey = createPerson();

const [DECIDE] = SMALL_PLAN.nodes;
const PLAN = {
  ...SMALL_PLAN,
  missionInputs: ["brief"],
  nodes: [{ ...DECIDE, evidenceIn: ["brief"], evidencePolicy: { receiptsMin: 1 } }],
};
const BRIEF = {
  kind: "brief",
  claims: [
    {
      id: "c1",
      subject: "vendor",
      predicate: "price",
      value: 240_000,
      statement: "The price is 240000.",
      confidence: 0.9,
      sources: [
        {
          identifier: "https://example.test/p",
          kind: "primary",
          title: "Price list",
          authors: ["Ann"],
          year: 2025,
        },
      ],
    },
  ],
};

const evidencePath = (id: string) => `/v1/missions/${id}/nodes/decide/evidence`;

function receiptOver(bundleHash: string, overrides: object = {}) {
  const content = {
    claimId: "c1",
    bundleHash,
    existence: "found",
    groundedness: "supported",
    verifierFamily: "librarians",
    checkedAt: new Date().toISOString(),
    ...overrides,
  };
  const header = { typ: "sekisho-receipt+jwt", kid: verifierKey.jwk.kid };
  return signJws(header, JSON.stringify(content), verifierKey.jwk);
}

beforeAll(async () => {
  await setUpTeam(TEAM);
  await expectStatus(call(admin, "POST", "/v1/agents", { id: "agent", family: "writers" }), 200);
  const verifier = { id: "library", family: "librarians", keys: [verifierKey.publicJwk] };
  await expectStatus(call(admin, "POST", "/v1/verifiers", verifier), 200);
});

describe("the verifiers of a team", () => {
  it("are listed with their keys by thumbprint", async () => {
    const { body } = await expectStatus(call(admin, "GET", "/v1/verifiers"), 200);
    const [verifier] = body["items"] as readonly unknown[];
    expect(verifierSchema.parse(verifier)).toMatchObject({
      id: "library",
      family: "librarians",
      keys: [{ kid: verifierKey.jwk.kid }],
    });
  });

  it("do not share a key, and have none with a private part or twice", async () => {
    const put = (id: string, keys: readonly unknown[]) =>
      call(admin, "POST", "/v1/verifiers", { id, family: "librarians", keys });
    const taken = await put("another", [verifierKey.publicJwk]);
    expect([taken.status, taken.body["code"]]).toEqual([409, "key_in_use"]);
    const secret = await put("another", [verifierKey.jwk]);
    expect([secret.status, secret.body["code"]]).toEqual([422, "key_has_private_part"]);
    const fresh = createPerson().publicJwk;
    const twice = await put("another", [fresh, fresh]);
    expect([twice.status, twice.body["code"]]).toEqual([422, "verifier_not_permitted"]);
  });

  it("are put once for an idempotency key", async () => {
    const body = { id: "third", family: "f", keys: [createPerson().publicJwk] };
    const headers = { "idempotency-key": "verifier-third" };
    const first = await call(admin, "POST", "/v1/verifiers", body, headers);
    const again = await call(admin, "POST", "/v1/verifiers", body, headers);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
    const other = { ...body, family: "g" };
    const reused = await call(admin, "POST", "/v1/verifiers", other, headers);
    expect(reused.body["code"]).toBe("idempotency_key_reused");
  });
});

describe("an agent's family", () => {
  it("is kept with the agent, and left out where there is none", async () => {
    const { body } = await expectStatus(call(admin, "GET", "/v1/agents"), 200);
    expect(body["items"]).toContainEqual({
      id: "agent",
      skills: [],
      zone: null,
      banned: false,
      family: "writers",
    });
    const plain = await expectStatus(call(admin, "POST", "/v1/agents", { id: "plain" }), 200);
    expect(plain.body).not.toHaveProperty("family");
  });
});

describe("evidence by its hash", () => {
  it("comes back whole, with the keys its receipts were checked with", async () => {
    const id = await openMission(TEAM, PLAN);
    const bare = await expectStatus(call(agent, "POST", evidencePath(id), BRIEF), 201);
    const contentHash = String(bare.body["hash"]);
    const early = await call(agent, "POST", `/v1/missions/${id}/nodes/decide/proposals`, {
      rationale: "because",
    });
    expect(early.status).toBe(409);
    expect(early.text).toContain("RECEIPT_MISSING");

    const receipts = [receiptOver(contentHash)];
    const sent = await expectStatus(
      call(agent, "POST", evidencePath(id), { ...BRIEF, receipts }),
      201,
    );
    expect(sent.body["nodeState"]).toBe("RUNNING");
    const hash = String(sent.body["hash"]);
    for (const caller of [auditor, agent, operator, callerOf(TEAM, "approver")]) {
      const read = await expectStatus(
        call(caller, "GET", `/v1/missions/${id}/evidence/${hash}`),
        200,
      );
      const stored = storedEvidenceSchema.parse(read.body);
      expect(stored.nodeId).toBe("decide");
      expect(stored.verification).toMatchObject({
        facts: { producerFamily: "writers", verifiers: [{ id: "library" }] },
        outcome: { contentHash, claims: [{ id: "c1", status: "verified", families: 1 }] },
      });
      const bundle = stored.bundle as unknown as Parameters<typeof evidenceContentHash>[0];
      expect(evidenceHash(bundle)).toBe(hash);
      expect(evidenceContentHash(bundle)).toBe(contentHash);
    }
  });

  it("comes back of a mission's input too", async () => {
    const opened = await expectStatus(
      call(operator, "POST", "/v1/missions", { plan: PLAN, inputs: [BRIEF] }),
      201,
    );
    const id = String(opened.body["missionId"]);
    const { body } = await expectStatus(call(auditor, "GET", `/v1/missions/${id}`), 200);
    const view = missionViewSchema.parse(body);
    const hash = view.inputs[0]?.hash ?? "";
    const read = await expectStatus(
      call(auditor, "GET", `/v1/missions/${id}/evidence/${hash}`),
      200,
    );
    expect(read.body).toMatchObject({ seq: 0, nodeId: null, verification: null });
  });

  it("that the mission does not have is unknown", async () => {
    const id = await openMission(TEAM, PLAN);
    const path = `/v1/missions/${id}/evidence/${"0".repeat(64)}`;
    const read = await expectStatus(call(auditor, "GET", path), 404);
    expect(read.body["code"]).toBe("evidence_unknown");
  });
});

describe("a receipt that does not hold", () => {
  it("refuses its bundle and names the flaw", async () => {
    const id = await openMission(TEAM, PLAN);
    const bare = await expectStatus(call(agent, "POST", evidencePath(id), BRIEF), 201);
    const cases: readonly (readonly [string, string])[] = [
      ["bundle_mismatch", receiptOver("0".repeat(64))],
      ["family_mismatch", receiptOver(String(bare.body["hash"]), { verifierFamily: "writers" })],
      ["malformed", "x.y.z"],
    ];
    for (const [flaw, receipt] of cases) {
      const body = { ...BRIEF, receipts: [receipt] };
      const answer = await expectStatus(call(agent, "POST", evidencePath(id), body), 422);
      expect(answer.body).toMatchObject({ code: "receipt_refused", flaw, receipt: 0 });
    }
  });

  it("refuses the opening of a mission as well: an operator without family produces nothing verifiable", async () => {
    const inputs = [{ ...BRIEF, receipts: [receiptOver("0".repeat(64))] }];
    const answer = await call(operator, "POST", "/v1/missions", { plan: PLAN, inputs });
    expect(answer.body).toMatchObject({ code: "receipt_refused", flaw: "family_unknown" });
  });
});

describe("a human share", () => {
  const reviewed = {
    ...SMALL_PLAN,
    nodes: [{ ...DECIDE, allocation: { humanMin: 1, weight: 2 } }],
  };

  it("shows in the mission's view with its total, and not where no plan declares one", async () => {
    const id = await openMission(TEAM, reviewed);
    const { body } = await expectStatus(call(auditor, "GET", `/v1/missions/${id}`), 200);
    const view = missionViewSchema.parse(body);
    expect(view.allocation).toEqual({ hTotal: 1 });
    expect(view.nodes[0]?.share).toMatchObject({ h: 1, a: 0, selected: true });
    const plain = await openMission(TEAM, SMALL_PLAN);
    const other = await expectStatus(call(auditor, "GET", `/v1/missions/${plain}`), 200);
    expect(other.body).not.toHaveProperty("allocation");
  });

  it("makes a proposal wait, whose own factors are taken", async () => {
    const id = await openMission(TEAM, reviewed);
    const proposal = { rationale: "because", factors: { impact: 0.5 } };
    const answer = await expectStatus(
      call(agent, "POST", `/v1/missions/${id}/nodes/decide/proposals`, proposal),
      202,
    );
    const { gateResult } = gateAnswerSchema.parse(answer.body);
    expect(gateResult.reasons.map(({ code }) => code)).toEqual([
      "APPROVAL_MISSING",
      "REVIEW_SELECTED",
    ]);
  });
});
