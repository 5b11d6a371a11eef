/**
 * A plan as the Planner makes it, run by the decider: writers it leaves to leases never hold one slice
 * together, and the one that waited gets its turn. Source: docs/architect.md, "Conflict avoidance".
 */
import { expect, test } from "vitest";
import { compilePlan } from "../../shared/plan/index.ts";
import { briefOf, judge, planned } from "../support/briefs.ts";
import { openMission, propose, submitResult } from "../support/commands.ts";
import { given } from "../support/scenario.ts";

const tests = [{ id: "ok", passed: true }];
const shares = { writeSet: ["doc#x"] };
const { plan, patterns } = planned(briefOf([judge("a", shares), judge("b", shares)]));
const compiled = compilePlan(plan);
if (!compiled.ok) throw new Error("the Planner's plan compiles");
const opened = openMission(compiled.value);

test("the second writer waits while the first holds the slice", () => {
  expect(patterns).toMatchObject([{ pattern: "lease" }]);
  given(opened, propose(1, "a"))
    .when(propose(2, "b"))
    .yields(
      { type: "proposal.submitted", nodeId: "b" },
      {
        type: "gate.evaluated",
        nodeId: "b",
        stateAfter: "BLOCKED",
        gateResult: { verdict: "pause", reasons: [{ code: "LEASE_HELD" }] },
      },
    );
});

test("and runs by itself once the first has crossed its gate", () => {
  const { run } = given(
    opened,
    propose(1, "a"),
    propose(2, "b"),
    submitResult(3, "a", { tests }),
    submitResult(5, "b", { tests }),
  );
  const statuses = ["a", "b"].map((id) => run.state?.nodes.get(id)?.status);
  expect(statuses).toEqual(["DONE", "DONE"]);
});
