/**
 * Random changes of a mission under way: amendments, sound and unsound, by whom it may be and by whom it may
 * not; people's decisions on them; and other policies, tighter and looser, rightly and wrongly signed for.
 */
import type { Command } from "../../shared/mission/index.ts";
import type { PolicyRule } from "../../shared/policy/index.ts";
import {
  agent,
  decisionNode,
  executionNode,
  approvalNode,
  iso,
  type NodeInput,
  rule,
  systemNode,
} from "./builders.ts";
import { amend, amendment, decidesAmendment } from "./amendments.ts";
import { intervene, passTime } from "./commands.ts";
import { repins, version } from "./policies.ts";
import { ACTION, HERE, THERE } from "./random-plan.ts";
import { chosen, PEOPLE, type Turn } from "./random-turn.ts";

/** Something that moves the whole mission: its plan, its policy, or what was asked about them. */
export function change(turn: Turn): Command {
  const { state, gene } = turn;
  const open = state.amendments?.open;
  const draws = open
    ? [repin, oddDecision, oddDecision, outwaited, amends]
    : [amends, amends, amends, repin, oddDecision];
  return (chosen(draws, gene.op) ?? amends)(turn);
}

/** Somebody who may approves the open amendment; null where none is, or nobody is left to. */
export function decidesOpenAmendment({ run, state, seconds, gene }: Turn): Command | null {
  const open = state.amendments?.open;
  if (!open?.request) return null;
  const given = new Set(open.approvals.map(({ approver }) => approver));
  const able = PEOPLE.filter(({ facts }) => facts.id !== open.by && !given.has(facts.id));
  const who = chosen(able, gene.variant);
  const window = { issuedAt: iso(seconds), expiresAt: iso(seconds + 1_000) };
  return who ? decidesAmendment(seconds, who, window)(run) : null;
}

/** Denied, by who proposed it, over another digest, too late, or of an amendment that is closed. */
function oddDecision({ run, seconds, gene }: Turn): Command {
  const who = chosen(PEOPLE, gene.pick) ?? PEOPLE[0];
  const window = { issuedAt: iso(seconds), expiresAt: iso(seconds + 1_000) };
  const changes: readonly object[] = [
    { decision: "deny", reason: "not now" },
    {},
    { gateDigest: "0".repeat(64) },
    { expiresAt: iso(seconds - 1) },
    { attempt: 2 },
  ];
  return decidesAmendment(seconds, who, { ...window, ...chosen(changes, gene.variant) })(run);
}

/** Nobody decides within the day, or the mission pauses meanwhile. */
function outwaited({ seconds, gene }: Turn): Command {
  return gene.variant % 3 === 0 ? intervene(seconds, "pause") : passTime(seconds + 90_000);
}

function amends(turn: Turn): Command {
  const { state, seconds, gene } = turn;
  const at = state.plan.order.length;
  const before = chosen(state.plan.order, gene.pick) ?? "";
  const [nodes, edges] = chosen(SHAPES, gene.variant)?.(at, before, turn) ?? [[], []];
  return amend(seconds, amendment(nodes, edges), chosen(PROPOSERS, Math.floor(gene.variant / 13)));
}

const PROPOSERS: readonly Parameters<typeof amend>[2][] = [
  {},
  {},
  { by: "agent-a" },
  { by: "agent-a" },
  { by: "agent-b" },
  { by: "agent-c", proposer: null },
  { by: "agent-c", proposer: "unavailable" },
  { by: "agent-c", proposer: agent("agent-c", { banned: true }) },
];

type Edges = NonNullable<Parameters<typeof amendment>[1]>;
type Shape = (
  at: number,
  before: string,
  turn: Turn,
) => readonly [nodes: readonly NodeInput[], edges: Edges];

const ACT = { type: ACTION, args: { currency: "EUR" } };
const HUMAN = { ownerR: "human", risk: 3 } as const;

/** Sound ones first; then those that cross a boundary, touch what exists, or go in circles. */
const SHAPES: readonly Shape[] = [
  (at, before) => [[decisionNode(`x${at}`)], [{ from: before, to: `x${at}` }]],
  (at, before) => [
    [decisionNode(`x${at}`, { risk: 2 }), systemNode(`y${at}`)],
    [
      { from: before, to: `x${at}` },
      { from: `x${at}`, to: `y${at}` },
    ],
  ],
  (at, before) => [
    [
      approvalNode(`x${at}`, { approves: `y${at}` }),
      executionNode(`y${at}`, { ...HUMAN, action: ACT }),
    ],
    [
      { from: before, to: `x${at}` },
      { from: `x${at}`, to: `y${at}` },
    ],
  ],
  (at) => [[executionNode(`x${at}`, { action: ACT, purpose: "sales.offer" })], []],
  (at, before, { state }) => [
    [decisionNode(`x${at}`, { writeSet: state.plan.specById.get(before)?.writeSet ?? [] })],
    [{ from: before, to: `x${at}` }],
  ],
  (at) => [[systemNode(`x${at}`, { risk: 0 })], []],
  (at) => [
    [decisionNode(`x${at}`, { zone: HERE }), decisionNode(`y${at}`, { zone: THERE })],
    [{ from: `x${at}`, to: `y${at}` }],
  ],
  (at, before) => [[decisionNode(before)], []],
  (at, before) => [[decisionNode(`x${at}`)], [{ from: `x${at}`, to: before }]],
  (at) => [
    [decisionNode(`x${at}`), decisionNode(`y${at}`)],
    [
      { from: `x${at}`, to: `y${at}` },
      { from: `y${at}`, to: `x${at}` },
    ],
  ],
];

/** Another policy than the pinned one: tighter for every node, or not; signed for rightly, or not. */
function repin({ run, state, seconds, gene }: Turn): Command {
  const { rules, forbiddenPurposes } = state.policy.document;
  const step = (state.repins ?? 0) + 1;
  const bound = { path: "/amount", op: "lte", value: 90 - step } as const;
  const others: readonly (readonly PolicyRule[])[] = [
    rules.map((one) => (one.id === "act" ? { ...one, when: [...one.when, bound] } : one)),
    [...rules, rule({ id: `not-c-${step}`, effect: "forbid", agents: ["agent-c"] })],
    rules.map((one) => (one.effect === "permit" ? { ...one, approval: { quorum: 1 } } : one)),
    rules,
    rules.map(({ when: _any, ...one }) => ({ ...one, when: [] })),
    [...rules, rule({ id: `more-${step}`, kinds: ["decision"] })],
    rules,
  ];
  const at = gene.variant % others.length;
  const purposes = at === 3 ? ["surveillance"] : forbiddenPurposes;
  const next = version(`${step % 10}`, others[at] ?? rules, purposes);
  const who = chosen(PEOPLE, gene.pick) ?? PEOPLE[0];
  const window = { issuedAt: iso(seconds), expiresAt: iso(seconds + 1_000) };
  const [members, overrides] = chosen(SIGNINGS, Math.floor(gene.variant / 7))?.(who.facts.id) ?? [];
  return repins(seconds, who, next, { ...window, ...members }, overrides)(run);
}

type Signing = (
  who: string,
) => readonly [members?: object, overrides?: NonNullable<Parameters<typeof repins>[4]>];

const SIGNINGS: readonly Signing[] = [
  () => [],
  () => [],
  () => [],
  () => [],
  () => [{}, { policyState: "retired" }],
  (who) => [{}, { proposedBy: who }],
  () => [{}, { approver: null }],
  () => [{ approver: "ann-in-disguise" }],
  () => [{ fromPolicyHash: "0".repeat(64) }],
  () => [{ expiresAt: iso(-1), issuedAt: iso(-9) }],
  () => [{}, { approver: PEOPLE[3].facts, typ: "sekisho-approval+jwt" }],
];
