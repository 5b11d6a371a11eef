/**
 * Every violation of a plan: each case is a sound plan with one thing broken. Source: docs/plan.md.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type PlanInput } from "../../shared/plan/index.ts";
import { PLAN_FIXES } from "../../shared/plan/violation.ts";
import {
  approval,
  compile,
  decision,
  execution,
  planOf,
  system,
  wrongs,
} from "../support/plans.ts";

describe("each violation", () => {
  const pair = [decision("a"), decision("b")];
  const cases: readonly (readonly [string, PlanInput, readonly string[]])[] = [
    ["two nodes of one id", planOf([decision("a"), decision("a")]), ["node_duplicate /nodes/1/id"]],
    ["an edge from nowhere", planOf(pair, ["x b"]), ["edge_node_unknown /edges/0/from"]],
    ["an edge to nowhere", planOf(pair, ["a b", "a x"]), ["edge_node_unknown /edges/1/to"]],
    ["an edge to itself", planOf(pair, ["a a"]), ["edge_self_loop /edges/0"]],
    ["an edge twice", planOf(pair, ["a b", "a b"]), ["edge_duplicate /edges/1"]],
    ["a cycle", planOf(pair, ["a b", "b a"]), ["cycle /edges/1"]],
    [
      "a phase twice",
      planOf(pair, [], { phases: ["work", "work"] }),
      ["phase_duplicate /phases/1"],
    ],
    [
      "universes at a node that the system completes",
      planOf(
        [system("a", { universes: [{ id: "regulatory", budget: 0.5 }] }), decision("b")],
        ["a b"],
      ),
      ["universes_not_observed /nodes/0/universes"],
    ],
    [
      "universes at an approval of no action",
      planOf([approval("a", { universes: [{ id: "regulatory", budget: 0.5 }] })]),
      ["universes_not_observed /nodes/0/universes"],
    ],
    [
      "a policy for evidence that nothing requires",
      planOf([decision("a", { evidencePolicy: { sourcesMin: 2 } })]),
      ["evidence_policy_not_applicable /nodes/0/evidencePolicy"],
    ],
    [
      "an undeclared phase",
      planOf([decision("a", { phase: "play" })]),
      ["phase_unknown /nodes/0/phase"],
    ],
    [
      "an edge back to an earlier phase",
      planOf([decision("a", { phase: "close" }), decision("b")], ["a b"]),
      ["phase_backwards /edges/0"],
    ],
    [
      "an execution without an action",
      planOf([{ ...decision("a", { tests: [] }), kind: "execution" }]),
      ["action_required /nodes/0"],
    ],
    [
      "a decision with an action",
      planOf([decision("a", { action: { type: "do.it" } })]),
      ["action_not_allowed /nodes/0/action"],
    ],
    [
      "an approval with an action",
      planOf([approval("a", { action: { type: "do.it" } })]),
      ["action_not_allowed /nodes/0/action"],
    ],
    [
      "a decision that approves",
      planOf([decision("a", { approves: "e" }), execution("e")], ["a e"]),
      ["approves_not_allowed /nodes/0/approves"],
    ],
    [
      "an execution that approves",
      planOf([execution("a", { approves: "e" }), execution("e")], ["a e"]),
      ["approves_not_allowed /nodes/0/approves"],
    ],
    [
      "an approval kept apart from itself and from an unknown node",
      planOf([approval("a", { approval: { apartFrom: ["a", "x"] } })]),
      [
        "apart_from_unknown /nodes/0/approval/apartFrom/0",
        "apart_from_unknown /nodes/0/approval/apartFrom/1",
      ],
    ],
    [
      "an approval of an unknown node",
      planOf([approval("a", { approves: "x" })]),
      ["approves_not_execution /nodes/0/approves"],
    ],
    [
      "an approval of a decision",
      planOf([approval("a", { approves: "b" }), decision("b")], ["a b"]),
      ["approves_not_execution /nodes/0/approves"],
    ],
    [
      "an approval of a node further on",
      planOf([approval("a", { approves: "e" }), decision("b"), execution("e")], ["a b", "b e"]),
      ["approves_not_direct /nodes/0/approves"],
    ],
    [
      "an approval of its predecessor",
      planOf([approval("a", { approves: "e" }), execution("e")], ["e a"]),
      ["approves_not_direct /nodes/0/approves"],
    ],
    [
      "two approvals of one node",
      planOf(
        [approval("a", { approves: "e" }), approval("b", { approves: "e" }), execution("e")],
        ["a e", "b e"],
      ),
      ["approves_twice /nodes/1/approves"],
    ],
    [
      "risk 3 owned by an agent",
      planOf([decision("a", { risk: 3 })]),
      ["accountable_not_human /nodes/0/ownerR"],
    ],
    [
      "risk 4 owned by the system",
      planOf([decision("a", { risk: 4, ownerR: "system" })]),
      ["accountable_not_human /nodes/0/ownerR"],
    ],
    [
      "an approval performed by an agent",
      planOf([approval("a", { ownerX: "agent" })]),
      ["approval_not_human /nodes/0/ownerX"],
    ],
    [
      "an approval performed by the system",
      planOf([approval("a", { ownerX: "system" })]),
      ["approval_not_human /nodes/0/ownerX"],
    ],
    [
      "an execution performed by a human",
      planOf([execution("a", { ownerX: "human" })]),
      ["execution_not_agent /nodes/0/ownerX"],
    ],
    [
      "an execution performed by the system",
      planOf([execution("a", { ownerX: "system" })]),
      ["execution_not_agent /nodes/0/ownerX"],
    ],
    [
      "a decision performed by a human",
      planOf([decision("a", { ownerX: "human" })]),
      ["decision_not_human /nodes/0/ownerX"],
    ],
    [
      "a decision of risk 3 performed by the system",
      planOf([system("a", { risk: 3, ownerR: "human" })]),
      ["system_not_allowed /nodes/0/ownerX"],
    ],
    [
      "a system node that produces something",
      planOf([
        system("a", {
          tests: [{ id: "t", title: "t" }],
          outputs: ["o"],
          evidenceOut: ["e"],
          writeSet: ["x#y"],
        }),
      ]),
      ["tests", "outputs", "evidenceOut", "writeSet"].map((m) => `system_produces /nodes/0/${m}`),
    ],
    [
      "approval terms where nobody approves",
      planOf([decision("a", { risk: 2, approval: { quorum: 2 } })]),
      ["approval_not_applicable /nodes/0/approval"],
    ],
    [
      "tests and outputs where nobody submits a result",
      planOf([execution("a", { tests: [{ id: "t", title: "t" }], outputs: ["o"] })]),
      ["tests", "outputs"].map((m) => `result_not_expected /nodes/0/${m}`),
    ],
    [
      "evidence from nobody",
      planOf([decision("a", { evidenceIn: ["x"] })]),
      ["evidence_unsupplied /nodes/0/evidenceIn/0"],
    ],
    [
      "evidence from an indirect predecessor",
      planOf(
        [
          decision("a", { evidenceOut: ["x"] }),
          decision("b"),
          decision("c", { evidenceIn: ["x"] }),
        ],
        ["a b", "b c"],
      ),
      ["evidence_unsupplied /nodes/2/evidenceIn/0"],
    ],
    [
      "evidence from a successor",
      planOf(
        [decision("a", { evidenceIn: ["x"] }), decision("b", { evidenceOut: ["x"] })],
        ["a b"],
      ),
      ["evidence_unsupplied /nodes/0/evidenceIn/0"],
    ],
    [
      "parallel writers of one slice",
      planOf([decision("a", { writeSet: ["d#x"] }), decision("b", { writeSet: ["d#y", "d#x"] })]),
      ["write_conflict /nodes/1/writeSet/1"],
    ],
    [
      "an untested last decision",
      planOf([decision("a", { tests: [] })]),
      ["leaf_not_accepted /nodes/0"],
    ],
    [
      "a leased slice that a writer of risk 3 shares",
      planOf(
        [
          decision("a", { writeSet: ["doc#x"], risk: 3, ownerR: "human" }),
          decision("b", { writeSet: ["doc#x"] }),
        ],
        [],
        { leased: ["doc#x"] },
      ),
      ["lease_not_sufficient /leased"],
    ],
    [
      "an edge from one zone to another",
      planOf([decision("a", { zone: "u/g/p/z1" }), decision("b", { zone: "u/g/p/z2" })], ["a b"]),
      ["boundary_crossed /edges/0"],
    ],
    [
      "an agent at nodes of two zones",
      planOf([
        decision("a", { zone: "u/g/p/z1", agents: ["agent.one"] }),
        decision("b", { zone: "u/g/p/z2", agents: ["agent.one"] }),
      ]),
      ["agent_boundary_crossed /nodes/1/agents/0"],
    ],
    [
      "a skill the zone has not registered",
      planOf([decision("a", { zone: "u/g/p/z1", skill: "selling" })], [], {
        zones: [{ zone: "u/g/p/z1", skills: ["buying"] }],
      }),
      ["skill_boundary_crossed /nodes/0/skill"],
    ],
    [
      "a slice another zone owns",
      planOf([decision("a", { zone: "u/g/p/z1", writeSet: ["ledger#2026"] })], [], {
        zones: [{ zone: "u/g/p/z2", owns: ["ledger"] }],
      }),
      ["slice_boundary_crossed /nodes/0/writeSet/0"],
    ],
    [
      "clocks of an approval that do not fit each other",
      planOf([
        approval("a", {
          approval: {
            deadlineMs: 60_000,
            escalation: [
              { afterMs: 30_000, group: "leads" },
              { afterMs: 20_000, group: "board" },
              { afterMs: 60_000, group: "owners" },
            ],
            reminder: { everyMs: 3_600_000 },
          },
        }),
      ]),
      [
        "escalation_not_rising /nodes/0/approval/escalation/1/afterMs",
        "escalation_too_late /nodes/0/approval/escalation/2/afterMs",
        "reminder_too_late /nodes/0/approval/reminder/everyMs",
      ],
    ],
    [
      "a zone declared twice",
      planOf([decision("a")], [], { zones: [{ zone: "u/g/p/z1" }, { zone: "u/g/p/z1" }] }),
      ["zone_duplicate /zones/1/zone"],
    ],
    [
      "an artifact with two owners",
      planOf([decision("a")], [], {
        zones: [
          { zone: "u/g/p/z1", owns: ["ledger"] },
          { zone: "u/g/p/z2", owns: ["ledger"] },
        ],
      }),
      ["slice_owned_twice /zones/1/owns/0"],
    ],
  ];

  test.each(cases)("%s is refused at its place", (_name, input, expected) => {
    expect(wrongs(input)).toEqual(expected);
  });

  test("has a case here or, for its size, among the laws", () => {
    const tried = new Set(cases.flatMap(([, , codes]) => codes.map((line) => line.split(" ")[0])));
    tried.add("write_check_too_large");
    expect(tried).toEqual(new Set(Object.keys(PLAN_FIXES)));
  });

  test("is explained with its fix in docs/plan.md", () => {
    const page = readFileSync(path.join(import.meta.dirname, "../../docs/plan.md"), "utf8");
    for (const [code, fix] of Object.entries(PLAN_FIXES)) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${code}\` |`));
      expect(row, code).toMatch(/^\| `\w+` \| \S.* \| \S.* \|$/);
      expect(row, code).toContain(`| ${fix} |`);
    }
  });

  test("comes with the fix of its code", () => {
    const result = compile(planOf(pair, ["a a"]));
    expect(result.ok ? null : result.error).toEqual({
      reason: "plan_invalid",
      violations: [
        {
          code: "edge_self_loop",
          pointer: "/edges/0",
          detail: "the edge leads from a to itself",
          fix: PLAN_FIXES.edge_self_loop,
        },
      ],
    });
  });
});
