/** The graph on a terminal: every node and edge by phase, whatever the picture would draw together. */
import { expect, it } from "vitest";
import { listOf } from "../../scripts/cli/graph.ts";

const node = { kind: "decision", risk: 1, state: "NEW", verdict: null } as const;

it("lists phases in order, and behind each node what it waits for", () => {
  const nodes = [
    { ...node, id: "ask", phase: "think", state: "DONE" as const },
    {
      ...node,
      id: "pay",
      phase: "act",
      kind: "execution" as const,
      state: "BLOCKED" as const,
      verdict: "pause" as const,
    },
    { ...node, id: "weigh", phase: "think" },
  ];
  const edges = [
    { from: "ask", to: "pay" },
    { from: "weigh", to: "pay" },
  ];
  expect(listOf(nodes, edges).split("\n")).toEqual([
    "think",
    "  x ask  DONE  decision, risk 1",
    "  . weigh  NEW  decision, risk 1",
    "",
    "act",
    "  ! pay  BLOCKED (pause)  execution, risk 1  <- ask, weigh",
    "",
    "! BLOCKED   > RUNNING   o READY   . NEW   x DONE",
  ]);
});

it("lists a mission of ten thousand nodes whole", () => {
  const nodes = Array.from({ length: 10_000 }, (_none, at) => ({
    ...node,
    id: `n${at}`,
    phase: "all",
  }));
  const edges = nodes.slice(1).map(({ id }) => ({ from: "n0", to: id }));
  expect(listOf(nodes, edges).match(/<- n0/g)).toHaveLength(9_999);
});
