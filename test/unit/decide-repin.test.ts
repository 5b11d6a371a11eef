/** Moving a running mission to a tighter policy: by a signature, provably tighter, and what it voids. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import {
  confirmTicket,
  snapshotToState,
  stateHash,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import {
  approvalNode,
  decisionNode,
  evidence,
  executionNode,
  iso,
  permitting,
  person,
  plan,
  policy,
  rule,
  ms,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { repins, version } from "../support/policies.ts";
import { approves, createRun, eventsOf, given, reports, requestOf } from "../support/scenario.ts";

const ADA = person("ada");
const BOB = person("bob");
const limit = (value: number) =>
  rule({
    id: "act",
    kinds: ["execution"],
    actions: ["vendor.switch"],
    when: [{ path: "/amount", op: "lte", value }],
  });
const decide = rule({ id: "decide", kinds: ["decision", "approval"] });
const TIGHT = version("2", [decide, limit(10)]);
const PLAN = plan([decisionNode("a"), executionNode("run")]);
const opened = openMission(PLAN);

describe("a re-pin", () => {
  test("is recorded with who signed, from what and to what, and judges what comes after", () => {
    const { run, when } = given(
      opened,
      propose(1, "a"),
      repins(2, ADA, TIGHT),
      submitResult(3, "a"),
    );
    expect(eventsOf(run, "mission.policy_repinned")).toMatchObject([
      {
        nodeId: null,
        stateBefore: "active",
        stateAfter: "active",
        actor: { kind: "human", id: "ada" },
        policyVersion: policy().version,
        approvalSignature: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        data: {
          from: { version: policy().version, hash: policy().hash },
          policy: TIGHT,
          approver: "ada",
          kid: ADA.keys[0].kid,
          jwk: ADA.keys[0].publicJwk,
          reason: "a supplier failed",
        },
      },
    ]);
    when(propose(4, "run", { action: vendorSwitch({ amount: 11 }) })).yields(
      { type: "proposal.submitted", policyVersion: TIGHT.version },
      {
        type: "gate.evaluated",
        stateAfter: "BLOCKED",
        policyVersion: TIGHT.version,
        data: { policyHash: TIGHT.hash },
        gateResult: { reasons: [{ code: "POLICY_NO_MATCH" }] },
      },
    );
  });

  test("lets what runs finish under what it ran under", () => {
    const needsTwo = { ...TIGHT.document.rules[0], approval: { quorum: 2 } } as ReturnType<
      typeof rule
    >;
    const two = version("3", [needsTwo, limit(10)]);
    const { run } = given(opened, propose(1, "a"), repins(2, ADA, two), submitResult(3, "a"));
    const [, exit] = eventsOf(run, "gate.evaluated", "a");
    expect(exit).toMatchObject({
      stateAfter: "DONE",
      data: { phase: "exit", policyHash: policy().hash },
    });
  });

  test("leaves the approvals of what has been performed, so that its exit can still count them", () => {
    const run = executionNode("run", { risk: 3, ownerR: "human", evidenceOut: ["proof"] });
    const { when } = given(
      openMission(plan([run])),
      propose(1, "run", { action: vendorSwitch({ amount: 5 }) }),
      approves(2, "run", BOB),
      reports(3, "run"),
      repins(4, ADA, TIGHT),
    );
    when(submitEvidence(5, "run", evidence("proof"))).yields(
      { type: "evidence.submitted" },
      { type: "node.unblocked", stateAfter: "RUNNING" },
      { type: "gate.evaluated", stateAfter: "DONE", data: { policyHash: policy().hash } },
      { type: "mission.completed" },
    );
  });

  test("does not take back a ticket that was issued under the policy before", () => {
    const { run } = given(
      openMission(plan([executionNode("run")])),
      propose(1, "run", { action: vendorSwitch({ amount: 11 }) }),
      repins(2, ADA, TIGHT),
      reports(3, "run"),
    );
    expect(run.state?.status).toBe("completed");
    const held = given(
      openMission(plan([executionNode("run")])),
      propose(1, "run", { action: vendorSwitch({ amount: 11 }) }),
      repins(2, ADA, TIGHT),
    ).run;
    const claims = eventsOf(held, "ticket.issued")[0]?.data["claims"] as TicketClaims;
    expect(claims.policy_version).toBe(policy().version);
    expect(confirmTicket(held.state, claims, ms(3))).toEqual({
      ok: true,
      value: { confirmed: true },
    });
    const forged = { ...claims, policy_version: TIGHT.version };
    expect(confirmTicket(held.state, forged, ms(3))).toMatchObject({ ok: false });
  });

  test("voids what was asked and approved, and asks anew under the new digest", () => {
    const quorum2 = plan([approvalNode("sign", { approval: { quorum: 2 } })]);
    const asked = given(openMission(quorum2), approves(1, "sign", ADA));
    const before = requestOf(asked.run, "sign")?.gateDigest;
    asked.when(repins(2, BOB, TIGHT)).yields(
      { type: "mission.policy_repinned" },
      {
        type: "approval.voided",
        nodeId: "sign",
        data: { gateDigest: before, approvers: ["ada"] },
      },
      { type: "node.unblocked", data: { cause: "policy" } },
      { type: "gate.evaluated", stateAfter: "BLOCKED", gateResult: { verdict: "pause" } },
      { type: "approval.requested" },
    );
    expect(requestOf(asked.run, "sign")?.gateDigest).not.toBe(before);
  });

  test("an approval of the old digest counts for nothing afterwards", () => {
    const { run, when } = given(openMission(plan([approvalNode("sign")])), repins(2, BOB, TIGHT));
    const old = eventsOf(run, "approval.requested")[0]?.data["gateDigest"] as string;
    when(approves(3, "sign", ADA, { gateDigest: old })).rejects("approval_digest_stale");
  });

  test("survives a replay and a snapshot", () => {
    const { run } = given(opened, repins(1, ADA, TIGHT), propose(2, "a"));
    const { state } = run;
    if (!state) throw new Error("the mission is open");
    expect(state.policy.hash).toBe(TIGHT.hash);
    const woken = snapshotToState(stateToSnapshot(state), state.plan, policy());
    expect(woken?.policy).toEqual(TIGHT);
    expect(woken && stateHash(woken)).toBe(stateHash(state));
  });

  test.each<[string, Parameters<typeof repins>[3], Parameters<typeof repins>[4], string]>([
    ["of another mission", { missionId: "msn_x" }, {}, "approval_statement_mismatch"],
    ["of another version", { version: "pol_x" }, {}, "approval_statement_mismatch"],
    ["of another document", { policyHash: "0".repeat(64) }, {}, "approval_statement_mismatch"],
    ["from another policy", { fromPolicyHash: "0".repeat(64) }, {}, "approval_statement_mismatch"],
    ["of another person", { approver: "bob" }, {}, "approval_statement_mismatch"],
    ["for something else", { decision: "activate" }, {}, "approval_statement_malformed"],
    ["with a member more", { extra: 1 }, {}, "approval_statement_malformed"],
    ["without a reason", { reason: "" }, {}, "approval_statement_malformed"],
    ["that has expired", { expiresAt: iso(5) }, {}, "approval_statement_expired"],
    ["that begins later", { issuedAt: iso(60) }, {}, "approval_statement_malformed"],
    ["that lasts too long", { expiresAt: iso(8 * 86_400) }, {}, "approval_statement_malformed"],
    ["of another kind", {}, { typ: "sekisho-policy-activation+jwt" }, "approval_signature_invalid"],
    [
      "by the key of another person",
      {},
      { approver: { ...ADA.facts, keys: BOB.facts.keys } },
      "approval_signature_invalid",
    ],
    ["of somebody unknown", {}, { approver: null }, "approver_unknown"],
    ["sent by somebody else", {}, { actor: { kind: "human", id: "bob" } }, "approver_unknown"],
    ["of the policy's proposer", {}, { proposedBy: "ada" }, "approver_not_permitted"],
    [
      "of a person no longer valid",
      {},
      { approver: { ...ADA.facts, validUntil: iso(1) } },
      "approver_not_permitted",
    ],
    ["for a policy nobody activated", {}, { policyState: "proposed" }, "policy_not_active"],
    ["for a policy on trial", {}, { policyState: "shadow" }, "policy_not_active"],
    ["for a retired policy", {}, { policyState: "retired" }, "policy_not_active"],
  ])("is refused by a statement %s", (_what, members, overrides, reason) => {
    given(opened)
      .when(repins(5, ADA, TIGHT, members, overrides))
      .rejects(reason as "policy_not_active");
  });

  test("is refused where nothing proves it tighter, naming every node and rule", () => {
    const wide = version("4", [
      ...permitting("vendor.switch"),
      rule({ id: "extra", kinds: ["decision"], condition: "true" }),
    ]);
    const tight = openMission(PLAN, { policy: TIGHT });
    given(tight)
      .when(repins(1, ADA, wide))
      .rejects("policy_not_tighter", { nodes: [{ nodeId: "run", rule: "act" }] });
    given(tight, propose(1, "a"), submitResult(2, "a"))
      .when(repins(3, ADA, version("5", [limit(11)])))
      .rejects("policy_not_tighter", { nodes: [{ nodeId: "run", rule: "act" }] });
  });

  const NEVER = rule({ id: "never", effect: "forbid", kinds: ["amendment"] });
  const byTwo = rule({ id: "amend", kinds: ["amendment"], approval: { quorum: 2 } });
  const byNobody = rule({ id: "amend", kinds: ["amendment"], riskMax: 1 });

  test.each([
    ["no longer forbids", [byTwo, NEVER], [byTwo], "never"],
    ["is silent where the old one forbade", [NEVER], [], "never"],
    ["asks fewer people", [byTwo], [rule({ ...byTwo, approval: { quorum: 1 } })], "amend"],
    ["is silent where the old one asked for two", [byTwo], [], "amendment"],
    ["asks nobody where the old one was silent", [], [byNobody], "amend"],
  ] as const)("is refused where, of amendments, the new policy %s", (_what, now, next, named) => {
    const mission = openMission(PLAN, {
      policy: version("8", [...permitting("vendor.switch"), ...now]),
    });
    given(mission)
      .when(repins(1, ADA, version("9", [...permitting("vendor.switch"), ...next])))
      .rejects("policy_not_tighter", { nodes: [{ nodeId: "amendment.1", rule: named }] });
  });

  test.each([
    ["forbids them", [byTwo], [byTwo, NEVER]],
    ["asks for two where the old one was silent", [], [byTwo]],
    ["is as silent", [], []],
    [
      "is silent, which asks one person, where the old one asked nobody",
      [byNobody, rule({ id: "rest", kinds: ["amendment"] })],
      [],
    ],
  ] as const)("is taken where, of amendments, the new policy %s", (_what, now, next) => {
    const mission = openMission(PLAN, {
      policy: version("8", [...permitting("vendor.switch"), ...now]),
    });
    given(mission)
      .when(
        repins(
          1,
          ADA,
          version("9", [
            ...permitting("vendor.switch"),
            ...next,
            rule({ id: "no-refund", effect: "forbid" }),
          ]),
        ),
      )
      .yields({ type: "mission.policy_repinned" });
  });

  const only = (...actions: string[]) =>
    rule({ id: "only", kinds: ["execution"], actions, zones: ["eu"] });
  const noRisk = rule({ id: "calm", effect: "forbid", kinds: ["decision"], riskMin: 4 });
  const noWire = rule({ id: "no-wire", effect: "forbid", kinds: ["execution"], actions: ["wire"] });
  const anywhere = rule({ id: "any", kinds: ["execution"], actions: ["wire"] });
  const aside = rule({ id: "aside", effect: "forbid", kinds: ["execution"], zones: ["moon"] });

  test.each([
    ["an action that the old one forbade", [noWire, anywhere], [anywhere], "no-wire"],
    ["an action that the old one did not name", [], [anywhere], "any"],
    ["a zone that the old one did not name", [only("wire")], [anywhere], "any"],
    ["a risk that the old one forbade", [noRisk], [], "calm"],
    ["any action in a zone that the old one forbade", [aside], [], "aside"],
  ] as const)("is refused where an amendment could then add %s", (_what, now, next, named) => {
    const usual = permitting("vendor.switch");
    given(openMission(PLAN, { policy: version("8", [...usual, ...now]) }))
      .when(repins(1, ADA, version("9", [...usual, ...next])))
      .rejects("policy_not_tighter", { nodes: [{ nodeId: "amendment.1", rule: named }] });
  });

  test("is taken where what could be added is tighter as well", () => {
    const usual = permitting("vendor.switch");
    given(openMission(PLAN, { policy: version("8", [...usual, only("wire", "refund"), noRisk]) }))
      .when(repins(1, ADA, version("9", [...usual, only("wire"), noRisk, noWire, aside])))
      .yields({ type: "mission.policy_repinned" });
  });

  test("looks beyond what is left: a node like the one that is done could be added", () => {
    const decides = rule({ id: "decide", kinds: ["decision"], riskMax: 1 });
    const tight = openMission(PLAN, { policy: version("6", [decides, limit(10)]) });
    const done = given(tight, propose(1, "a"), submitResult(2, "a"));
    done
      .when(repins(3, ADA, version("7", [decide, limit(9)])))
      .rejects("policy_not_tighter", { nodes: [{ nodeId: "amendment.1", rule: "decide" }] });
    done
      .when(repins(3, ADA, version("7", [decides, limit(9)])))
      .yields({ type: "mission.policy_repinned" });
  });

  test("is refused where the documents name too many actions and zones to prove it for all", () => {
    const many = Array.from({ length: 40 }, (_, at) =>
      rule({ id: `r${at}`, effect: "forbid", actions: [`act.n${at}`], zones: [`z${at}`] }),
    );
    given(openMission(PLAN, { policy: version("8", [decide, ...many]) }))
      .when(repins(1, ADA, version("9", [decide, ...many, noWire])))
      .rejects("policy_not_tighter", { nodes: [{ nodeId: "amendment.1", rule: "" }] });
  });

  test("is refused to the policy already pinned, to a mission that is not active, and too often", () => {
    given(opened)
      .when(repins(1, ADA, policy()))
      .rejects("policy_already_pinned");
    given(opened, intervene(1, "pause"))
      .when(repins(2, ADA, TIGHT))
      .rejects("mission_not_active");
    const often = Array.from({ length: LIMITS.policyRepinsMax }, (_, at) =>
      repins(at + 1, ADA, version("8", [decide, limit(100 - at)])),
    );
    given(opened, ...often)
      .when(repins(99, ADA, TIGHT))
      .rejects("policy_repins_exhausted");
  });

  test("at any moment of any course leaves a mission whose trace still says everything", () => {
    const mixed = plan(
      [
        decisionNode("a", { risk: 3, ownerR: "human" }),
        approvalNode("sign"),
        executionNode("run", { attemptsMax: 10 }),
        executionNode("more", { attemptsMax: 10, risk: 3, ownerR: "human" }),
      ],
      { edges: [] },
    );
    const start = version("1", [
      decide,
      { ...limit(100), condition: "history.count('vendor.switch') < 5" },
    ]);
    const tighter = (at: number) =>
      version("2", [
        decide,
        {
          ...limit(100 - at),
          condition: `(history.count("vendor.switch") < 5) && args.amount > ${at}.0`,
        },
      ]);
    const step = fc.record({
      what: fc.constantFrom("propose", "approve", "result", "report", "fail", "repin"),
      node: fc.constantFrom("a", "sign", "run", "more"),
      amount: fc.integer({ min: 0, max: 110 }),
    });
    const seen = { repinned: 0, voided: 0, done: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 16 }), (steps) => {
        const run = createRun();
        run.execute(openMission(mixed, { policy: start }));
        for (const [at, { what, node, amount }] of steps.entries()) {
          const acts = node === "run" || node === "more";
          const command = {
            propose: () => propose(at, node, acts ? { action: vendorSwitch({ amount }) } : {}),
            approve: () => approves(at, node, amount % 2 ? ADA : BOB)(run),
            result: () => submitResult(at, "a"),
            report: () => reports(at, node)(run),
            fail: () => reports(at, node, { outcome: "failed" })(run),
            repin: () => repins(at, ADA, tighter((run.state?.repins ?? 0) + 1))(run),
          }[what];
          const isReport = what === "report" || what === "fail";
          // The run checks every invariant, replay and rescan included, after each command.
          if (!isReport || run.state?.nodes.get(node)?.ticket) run.execute(command());
        }
        seen.repinned += eventsOf(run, "mission.policy_repinned").length;
        seen.voided += eventsOf(run, "approval.voided").length;
        seen.done += run.state?.doneCount ?? 0;
      }),
      { numRuns: 150 },
    );
    expect(Math.min(seen.repinned, seen.voided, seen.done)).toBeGreaterThan(10);
  });
});
