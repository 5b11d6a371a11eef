/**
 * An approval clears the pauses that its request named and no others: what arose after people were asked
 * is asked of them anew, and what was signed before does not count for it.
 */
import { describe, expect, test } from "vitest";
import { evaluateEntry, pausesOf } from "../../shared/gates/index.ts";
import { explainGate, viewNode } from "../../shared/mission/index.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import { decisionNode, executionNode, iso, person, plan } from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { question } from "../support/gate-questions.ts";
import { approves, denies, eventsOf, given, requestOf, type Run } from "../support/scenario.ts";

const ann = person("ann");
const ben = person("ben");
const ACTION = vendorSwitch({ contract: "C-7" });

/** Observed 10 s after the epoch of the tests; stale from 20 s on. */
const BORDERS = [
  { id: "regulatory", budget: 0.5, overBudget: "pause" as const, staleAfterMs: 10_000 },
];
const TENSE = [
  {
    id: "regulatory",
    risk: 0.78,
    constraints: [],
    evidence: 1,
    uncertainty: 0,
    observedAt: iso(0),
  },
];
const CALM = TENSE.map((seen) => ({ ...seen, risk: 0.4 }));
const RUN = plan([executionNode("run", { universes: BORDERS })]);
const RISKY = plan([
  executionNode("run", { universes: BORDERS, risk: 3, ownerR: "human", approval: { quorum: 2 } }),
]);

const observing = (seconds: number, universes: typeof TENSE) => {
  const usual = propose(seconds, "run", { action: ACTION });
  return { ...usual, proposal: { ...usual.proposal, universes } };
};
const OVER = { gate: "universe", codes: ["RISK_OVER_BUDGET"] };
const STALE = { gate: "universe", codes: ["UNIVERSE_STALE"] };
const OVER_AND_STALE = { gate: "universe", codes: ["RISK_OVER_BUDGET", "UNIVERSE_STALE"] };
const statusOf = (run: Run) => run.state?.nodes.get("run")?.status;

describe("a request names what an approval of it clears", () => {
  test("the gates that paused and their codes, in the event and in the node's view", () => {
    const { run, events } = given(openMission(RUN), observing(1, TENSE));
    expect(events.at(-1)).toMatchObject({
      type: "approval.requested",
      data: { pauses: [OVER], subjectDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    const request = requestOf(run, "run");
    expect(request?.subjectDigest).not.toBe(request?.gateDigest);
    expect(run.state && viewNode(run.state, "run").request).toMatchObject({ pauses: [OVER] });
  });

  test("nothing where no gate paused, and then the digest is that of the subject alone", () => {
    const { run, events } = given(openMission(RISKY), observing(1, CALM));
    expect(events.at(-1)?.type).toBe("approval.requested");
    expect(Object.keys(events.at(-1)?.data ?? {})).not.toContain("pauses");
    expect(requestOf(run, "run")).not.toHaveProperty("subjectDigest");
  });

  test("a dry run tells the digest that is asked for, and a later one the digest that would be", () => {
    const { run } = given(openMission(RUN), observing(1, TENSE));
    const digestAt = (seconds: number) => {
      const explained = explainGate(run.state, "run", null, iso(seconds));
      return explained.ok ? explained.value.gateDigest : null;
    };
    expect(digestAt(5)).toBe(requestOf(run, "run")?.gateDigest);
    expect(digestAt(9)).toBe(digestAt(5));
    expect(digestAt(20)).not.toBe(digestAt(5));
    expect(digestAt(30)).toBe(digestAt(20));
  });
});

describe("a pause that arose after people were asked", () => {
  const asked = [openMission(RUN), observing(1, TENSE)];

  test("an approval in time clears what it named", () => {
    expect(statusOf(given(...asked, approves(9, "run", ann)).run)).toBe("RUNNING");
  });

  test.each([
    [1, RUN, [ann]],
    [2, RISKY, [ann, ben]],
  ])("what people overrode counts as asked of %i at the exit", (quorum, compiled, people) => {
    const signed = people.map((who, at) => approves(7 + at, "run", who));
    const { run } = given(openMission(compiled), observing(1, TENSE), ...signed);
    const [entry] = eventsOf(run, "gate.evaluated").slice(-1);
    expect(entry).toMatchObject({ stateAfter: "RUNNING", data: { phase: "entry", quorum } });
  });

  test("is not cleared: the approval is voided, and people are asked anew with the pause named", () => {
    given(...asked)
      .when(approves(20, "run", ann))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "approval.voided", data: { approvers: ["ann"] } },
        { type: "gate.evaluated", stateAfter: "BLOCKED", gateResult: { verdict: "pause" } },
        { type: "approval.requested", data: { pauses: [OVER_AND_STALE] } },
      );
  });

  test("is cleared by the approval of the request that names it", () => {
    const { run, events } = given(...asked, approves(20, "run", ann), approves(21, "run", ann));
    expect(statusOf(run)).toBe("RUNNING");
    const overridden = events.findLast(({ type }) => type === "gate.evaluated")?.gateResult;
    expect(overridden?.reasons.map(({ detail }) => detail)).toEqual([
      "RISK_OVER_BUDGET, UNIVERSE_STALE overridden by ann",
    ]);
  });

  test("a signature over the earlier digest is worth nothing for it", () => {
    const { run } = given(...asked);
    const gateDigest = requestOf(run, "run")?.gateDigest ?? "";
    given(...asked, approves(20, "run", ann))
      .when(approves(21, "run", ben, { gateDigest }))
      .rejects("approval_digest_stale");
  });

  test("voids the first approvals of a quorum that the last one completes too late", () => {
    const { run, events } = given(
      openMission(RISKY),
      observing(1, CALM),
      approves(2, "run", ann),
      approves(20, "run", ben),
    );
    expect(eventsOf(run, "approval.voided")[0]?.data).toMatchObject({ approvers: ["ann", "ben"] });
    expect(events.at(-1)).toMatchObject({ type: "approval.requested", data: { pauses: [STALE] } });
    expect(statusOf(run)).toBe("BLOCKED");
  });

  test("does not reopen what a person denied", () => {
    const { events } = given(...asked, denies(2, "run", ann), observing(25, TENSE));
    const codes = events.at(-1)?.gateResult?.reasons.map(({ code }) => code);
    expect(events.at(-1)?.type).toBe("gate.evaluated");
    expect(codes).toContain("APPROVAL_DENIED");
    const calm = given(openMission(RISKY), observing(1, CALM), denies(2, "run", ann));
    const later = given(
      openMission(RISKY),
      observing(1, CALM),
      denies(2, "run", ann),
      observing(25, CALM),
    );
    expect(statusOf(calm.run)).toBe("BLOCKED");
    expect(later.events.at(-1)?.gateResult).toMatchObject({ verdict: "block" });
  });
});

describe("the pipeline", () => {
  const spec = nodeSchema.parse(
    decisionNode("a", { criteria: [{ text: "the best one", kind: "subjective" }] }),
  );
  const paused = question({ spec, approvers: ["ann"] });
  const pauses = pausesOf(paused);

  test("names the codes of a pause sorted and once each, whatever the reasons say", () => {
    expect(pauses).toEqual([{ gate: "relativity", codes: ["CRITERION_SUBJECTIVE"] }]);
  });

  test("clears named pauses, more than there are of them, and none that is not named", () => {
    const verdictWith = (namedPauses: typeof pauses) =>
      evaluateEntry({ ...paused, namedPauses }).verdict;
    expect(verdictWith(pauses)).toBe("allow");
    expect(verdictWith([...pauses, { gate: "universe", codes: ["UNIVERSE_STALE"] }])).toBe("allow");
    expect(verdictWith([])).toBe("pause");
    expect(verdictWith([{ gate: "relativity", codes: ["REL_REF_MISSING"] }])).toBe("pause");
    expect(verdictWith([{ gate: "universe", codes: ["CRITERION_SUBJECTIVE"] }])).toBe("pause");
  });

  test("clears every pause in a mission older than named pauses", () => {
    expect(evaluateEntry(paused).verdict).toBe("allow");
  });
});
