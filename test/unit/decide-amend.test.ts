/**
 * Amendments: what the diff gate lets into a running plan, what waits for people, and what an amended
 * plan voids. Source: docs/amendments.md.
 */
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { confirmTicket, nextDueMs, replayTrace, viewMission } from "../../shared/mission/index.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import { amend, amendment, decidesAmendment } from "../support/amendments.ts";
import {
  agent,
  decisionNode,
  executionNode,
  approvalNode,
  iso,
  ms,
  permitting,
  person,
  plan,
  policy,
  rule,
  systemNode,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import {
  approves,
  createRun,
  eventsOf,
  given,
  jtiOf,
  reports,
  type Run,
} from "../support/scenario.ts";

const ANN = person("ann");
const BEN = person("ben");

/** The usual rules, and one that lets anybody amend. */
const AMENDABLE = policy([
  ...permitting("vendor.switch"),
  rule({ id: "amend", kinds: ["amendment"] }),
]);
const TWO = plan([decisionNode("a"), decisionNode("b")]);
const OPEN = openMission(TWO, { policy: AMENDABLE });
const SMALL = amendment([decisionNode("c")], [{ from: "a", to: "c" }]);
const RISKY = amendment([executionNode("pay")], [{ from: "a", to: "pay" }]);

function viewOf(run: Run) {
  if (!run.state) throw new Error("the mission is open");
  return viewMission(run.state);
}

describe("an amendment of little risk", () => {
  test("is applied at once where the pinned policy permits it", () => {
    const { run, ...then } = given(OPEN).when(amend(1, SMALL));
    then.yields(
      { type: "amendment.proposed", nodeId: null, gateResult: { verdict: "allow" } },
      { type: "mission.amended", data: { id: "amendment.1", planHash: TWO.hash, nodes: ["c"] } },
    );
    expect(viewOf(run).planHash).not.toBe(TWO.hash);
    expect(
      viewOf(run)
        .nodes.map((node) => node.id)
        .sort(),
    ).toEqual(["a", "b", "c"]);
  });

  test("makes a new node READY at once when what it follows is DONE", () => {
    given(OPEN, propose(1, "a"), submitResult(2, "a"))
      .when(amend(3, SMALL))
      .yields(
        { type: "amendment.proposed" },
        { type: "mission.amended" },
        { type: "node.ready", nodeId: "c", stateBefore: "NEW" },
      );
  });

  test("makes a new node wait for what is not DONE, and for nothing else", () => {
    const { run } = given(OPEN, amend(1, SMALL), propose(2, "a"), submitResult(3, "a"));
    expect(run.state?.nodes.get("c")?.status).toBe("READY");
    expect(run.state?.nodes.get("b")?.status).toBe("READY");
  });

  test("lets the system run its own new nodes in the same turn", () => {
    const { run } = given(OPEN, amend(1, amendment([systemNode("tick")])));
    expect(run.state?.nodes.get("tick")?.status).toBe("DONE");
  });

  test("keeps a mission open that would have been complete without it", () => {
    const { run } = given(
      OPEN,
      propose(1, "a"),
      submitResult(2, "a"),
      propose(3, "b"),
      amend(4, SMALL),
      submitResult(5, "b"),
    );
    expect(run.state?.status).toBe("active");
    const more = given(OPEN, amend(4, SMALL), propose(5, "a"), submitResult(6, "a"));
    expect(eventsOf(more.run, "mission.completed")).toEqual([]);
  });
});

describe("an amendment that touches risk 2", () => {
  test("waits for a person", () => {
    given(OPEN)
      .when(amend(1, RISKY))
      .yields(
        { type: "amendment.proposed", gateResult: { verdict: "pause" } },
        {
          type: "approval.requested",
          nodeId: null,
          data: {
            risk: 2,
            action: { type: "plan.amend", args: { nodes: [{ id: "pay" }] } },
            statement: { nodeId: "amendment.1", attempt: 1 },
          },
        },
      );
  });

  test("joins the plan by a person's signature over its digest", () => {
    given(OPEN, amend(1, RISKY))
      .when(decidesAmendment(2, ANN))
      .yields(
        {
          type: "approval.granted",
          nodeId: null,
          data: { amendment: "amendment.1", approver: "ann" },
        },
        { type: "mission.amended", gateResult: { verdict: "allow" } },
      );
  });

  test("is gone when a person denies it", () => {
    const { run, ...then } = given(OPEN, amend(1, RISKY)).when(
      decidesAmendment(2, ANN, { decision: "deny", reason: "no" }),
    );
    then.yields({ type: "approval.denied", data: { amendment: "amendment.1" } });
    expect(viewOf(run)).toMatchObject({
      planHash: TWO.hash,
      amendments: { open: null, applied: [] },
    });
  });

  test("is gone when nobody decides in time", () => {
    const { run, ...then } = given(OPEN, amend(1, RISKY)).when(passTime(90_000));
    then.yields({ type: "approval.expired", nodeId: null, gateResult: { verdict: "block" } });
    expect(viewOf(run).planHash).toBe(TWO.hash);
  });

  test("wakes the mission at its deadline", () => {
    const { run } = given(OPEN, amend(1, RISKY));
    expect(run.state && nextDueMs(run.state)).toBe(ms(86_401));
  });

  test("is refused for good once a person denied exactly this change to exactly this plan", () => {
    given(OPEN, amend(1, RISKY), decidesAmendment(2, ANN, { decision: "deny", reason: "no" }))
      .when(amend(3, RISKY))
      .yields({
        type: "amendment.refused",
        gateResult: { verdict: "block", reasons: [{ code: "APPROVAL_DENIED" }] },
      });
  });

  test("is never approved by who proposed it", () => {
    given(OPEN, amend(1, RISKY, { by: "ann" }))
      .when(decidesAmendment(2, ANN))
      .rejects("approver_not_permitted");
  });

  test("is never approved over another digest", () => {
    given(OPEN, amend(1, RISKY))
      .when(decidesAmendment(2, ANN, { gateDigest: "f".repeat(64) }))
      .rejects("approval_digest_stale");
  });

  test("needs as many people as the policy asks for", () => {
    const two = policy([rule({ kinds: ["decision", "amendment"], approval: { quorum: 2 } })]);
    const run = given(openMission(TWO, { policy: two }), amend(1, SMALL), decidesAmendment(2, ANN));
    expect(eventsOf(run.run, "mission.amended")).toEqual([]);
    run.when(decidesAmendment(3, ANN)).rejects("approval_already_given");
    const again = given(
      openMission(TWO, { policy: two }),
      amend(1, SMALL),
      decidesAmendment(2, ANN),
    );
    again
      .when(decidesAmendment(3, BEN))
      .yields({ type: "approval.granted" }, { type: "mission.amended" });
  });

  test("holds the mission open while it waits, and lets it complete when it is gone", () => {
    const history = [
      OPEN,
      propose(1, "a"),
      submitResult(2, "a"),
      propose(3, "b"),
      amend(4, RISKY),
      submitResult(5, "b"),
    ];
    expect(given(...history).run.state?.status).toBe("active");
    given(...history)
      .when(decidesAmendment(6, ANN, { decision: "deny", reason: "no" }))
      .yields({ type: "approval.denied" }, { type: "mission.completed" });
    given(...history)
      .when(passTime(90_000))
      .yields({ type: "approval.expired" }, { type: "mission.completed" });
  });
});

describe("the diff gate", () => {
  const codes = (run: Run) =>
    eventsOf(run, "amendment.refused")
      .at(-1)
      ?.gateResult?.reasons.map(({ code }) => code);

  test("asks a person about any amendment where the policy never speaks of them", () => {
    given(openMission(TWO))
      .when(amend(1, SMALL))
      .yields({ type: "amendment.proposed" }, { type: "approval.requested" });
  });

  test("blocks what a policy that speaks of amendments does not permit", () => {
    const narrow = policy([
      ...permitting("vendor.switch"),
      rule({ id: "x", kinds: ["amendment"], riskMax: 0 }),
    ]);
    const { run } = given(openMission(TWO, { policy: narrow }), amend(1, SMALL));
    expect(codes(run)).toEqual(["POLICY_NO_MATCH"]);
  });

  test("blocks what the policy forbids, whoever would approve it", () => {
    const never = policy([
      ...permitting("vendor.switch"),
      rule({ effect: "forbid", kinds: ["amendment"] }),
    ]);
    const { run } = given(openMission(TWO, { policy: never }), amend(1, RISKY));
    expect(codes(run)).toEqual(["POLICY_FORBIDDEN", "APPROVAL_MISSING"]);
    expect(run.state?.plan.hash).toBe(TWO.hash);
  });

  test("a rule may speak of how much an amendment adds", () => {
    const few = { path: "/nodes", op: "lte", value: 1 } as const;
    const small = policy([
      ...permitting("vendor.switch"),
      rule({ kinds: ["amendment"], when: [few] }),
    ]);
    const open = openMission(TWO, { policy: small });
    const both = amendment([decisionNode("c"), decisionNode("d")]);
    expect(eventsOf(given(open, amend(1, SMALL)).run, "mission.amended")).toHaveLength(1);
    expect(codes(given(open, amend(1, both)).run)).toEqual(["POLICY_NO_MATCH"]);
  });

  test.each([
    ["a banned agent", agent("agent-a", { banned: true }), "AGENT_BANNED"],
    ["an agent nobody could be asked about", "unavailable" as const, "GATE_FAILURE"],
  ])("blocks %s", (_who, proposer, code) => {
    const { run } = given(OPEN, amend(1, SMALL, { by: "agent-a", proposer }));
    expect(codes(run)).toEqual([code]);
  });

  test("blocks when the mission's authorization has ended", () => {
    const short = plan([decisionNode("a")], { authorizationExpiresAt: iso(10) });
    const { run } = given(openMission(short, { policy: AMENDABLE }), amend(11, SMALL));
    expect(codes(run)).toEqual(["AUTHORIZATION_EXPIRED"]);
  });
});

describe("an amendment is refused without a record", () => {
  test("while another one is open", () => {
    given(OPEN, amend(1, RISKY))
      .when(amend(2, SMALL))
      .rejects("amendment_open", { amendment: "amendment.1" });
  });

  test("when it does not compile", () => {
    given(OPEN)
      .when(amend(1, amendment([decisionNode("a")])))
      .rejects("amendment_invalid", { violations: [{ code: "amendment_node_exists" }] });
  });

  test.each(["pause", "stop"] as const)("after a %s", (kind) => {
    given(OPEN, intervene(1, kind)).when(amend(2, SMALL)).rejects("mission_not_active");
  });

  test("once the mission is completed", () => {
    given(
      openMission(plan([decisionNode("a")]), { policy: AMENDABLE }),
      propose(1, "a"),
      submitResult(2, "a"),
    )
      .when(amend(3, SMALL))
      .rejects("mission_not_active", { state: "completed" });
  });

  test("and so is an approval of one that is not open any more", () => {
    given(OPEN, amend(1, RISKY), decidesAmendment(2, ANN))
      .when(decidesAmendment(3, BEN))
      .rejects("approval_not_requested", { nodeId: "amendment.1" });
  });
});

describe("an applied amendment", () => {
  const WAITING = plan([decisionNode("a"), approvalNode("ok", { phase: "work" })], { edges: [] });
  const OPEN_WAITING = openMission(WAITING, { policy: AMENDABLE });

  test("voids every open request, and asks anew over the new plan", () => {
    const { run, ...then } = given(OPEN_WAITING).when(amend(1, SMALL));
    then.yields(
      { type: "amendment.proposed" },
      { type: "mission.amended" },
      { type: "node.unblocked", nodeId: "ok", data: { cause: "amendment" } },
      { type: "approval.voided", nodeId: "ok" },
      { type: "gate.evaluated", nodeId: "ok", gateResult: { verdict: "pause" } },
      { type: "approval.requested", nodeId: "ok" },
    );
    const [before, after] = eventsOf(run, "approval.requested").map((e) => e.data["gateDigest"]);
    expect(before).not.toBe(after);
  });

  test("makes a signature over the old plan stale", () => {
    const old = given(OPEN_WAITING).run.state?.nodes.get("ok")?.request?.gateDigest ?? "";
    given(OPEN_WAITING, amend(1, SMALL))
      .when(approves(2, "ok", ANN, { gateDigest: old }))
      .rejects("approval_digest_stale");
  });

  test("leaves what runs alone: its ticket still stands and its receipt completes it", () => {
    const acting = plan([executionNode("act", { risk: 1 }), decisionNode("z")], { edges: [] });
    const history = [
      openMission(acting, { policy: AMENDABLE }),
      propose(1, "act", { action: vendorSwitch() }),
      amend(2, amendment([decisionNode("c")], [{ from: "act", to: "c" }])),
    ];
    const { run } = given(...history);
    const issued = eventsOf(run, "ticket.issued")[0]?.data["claims"] as unknown as TicketClaims;
    expect(issued.jti).toBe(jtiOf(run, "act"));
    expect(confirmTicket(run.state, issued, ms(3))).toEqual({
      ok: true,
      value: { confirmed: true },
    });
    const done = given(...history, reports(3, "act")).run;
    expect(done.state?.nodes.get("act")?.status).toBe("DONE");
    expect(done.state?.nodes.get("c")?.status).toBe("READY");
  });

  test("can be followed by another, and the trace replays to the same state through both", () => {
    const { run } = given(
      OPEN,
      amend(1, SMALL),
      amend(2, RISKY),
      decidesAmendment(3, ANN),
      propose(4, "a"),
      submitResult(5, "a"),
    );
    expect(viewOf(run).amendments?.applied.map(({ id }) => id)).toEqual([
      "amendment.1",
      "amendment.2",
    ]);
    for (const [seq, hash] of run.stateHashes)
      expect(replayTrace(run.events, seq)).toMatchObject({ ok: true, value: { stateHash: hash } });
  });

  test("changes no byte of what was there", () => {
    const { run } = given(OPEN, amend(1, SMALL), amend(2, RISKY), decidesAmendment(3, ANN));
    const { nodes, edges } = run.state?.plan.plan ?? { nodes: [], edges: [] };
    expect(canonicalJson(nodes.slice(0, 2))).toBe(canonicalJson(TWO.plan.nodes));
    expect(canonicalJson(edges.slice(0, 1))).toBe(canonicalJson(TWO.plan.edges));
    expect(run.state?.plan.predecessors.get("b")).toEqual(["a"]);
  });
});

test("an amendment's name steps aside for a node that happens to have it", () => {
  const odd = plan([decisionNode("amendment.1")]);
  const run = createRun();
  run.execute(openMission(odd, { policy: AMENDABLE }));
  run.execute(amend(1, RISKY.edges.length ? amendment([executionNode("pay")]) : RISKY));
  expect(run.state?.amendments?.open?.id).toBe("amendment.2");
});
