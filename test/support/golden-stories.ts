/**
 * Missions that between them hold every event type there is: recorded once as golden traces, decided
 * again on every run. Times and keys are literals, so a story told twice is the same trace.
 */
import { POLICY_REPIN_JWS_TYPE } from "../../shared/mission/decide/repin.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import { signJws } from "../../shared/jws.ts";
import type { Command } from "../../shared/mission/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import { amend, amendment, decidesAmendment } from "./amendments.ts";
import {
  agent,
  approvalNode,
  decisionNode,
  evidence,
  executionNode,
  iso,
  MISSION,
  ms,
  permitting,
  person,
  plan,
  policy,
  receipt,
  rule,
  systemNode,
  TERMS,
} from "./builders.ts";
import {
  ban,
  intervene,
  openMission,
  passTime,
  propose,
  reconcile,
  recordReceipt,
  reset,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "./commands.ts";
import { delegated } from "./golden-delegated.ts";
import { peopled } from "./golden-people.ts";
import { trustedStory } from "./golden-trusted.ts";
import { declared } from "./golden-declared.ts";
import { planted } from "./golden-planted.ts";
import { verified } from "./golden-verified.ts";
import {
  approves,
  createRun,
  denies,
  jtiOf,
  refuses,
  reports,
  type Run,
  type Step,
} from "./scenario.ts";

const ANN = person("ann");
const BEN = person("ben");
const AMENDABLE = policy([
  ...permitting("vendor.switch"),
  rule({ id: "amend", kinds: ["amendment"] }),
]);
const SWITCH = vendorSwitch({ vendor: "b" });

const HUMAN = { ownerR: "human", risk: 3 } as const;

/** A mission that grows: amended at once, after approval, denied, refused, and completed. */
function amended(): readonly Step[] {
  const compiled = plan(
    [
      decisionNode("assess", { evidenceOut: ["brief"], outputs: ["report"] }),
      approvalNode("agree", { approves: "switch", evidenceIn: ["brief"] }),
      executionNode("switch", { ...HUMAN, writeSet: ["contract#vendor"] }),
    ],
    { missionInputs: ["mandate"] },
  );
  const late = amendment(
    [
      decisionNode("audit", { evidenceIn: ["brief"] }),
      systemNode("tick"),
      executionNode("notify", { risk: 2, writeSet: ["letter#body"] }),
    ],
    [
      { from: "assess", to: "audit" },
      { from: "switch", to: "tick" },
      { from: "audit", to: "notify" },
    ],
  );
  return [
    openMission(compiled, { policy: AMENDABLE, inputs: [evidence("mandate")] }),
    propose(1, "assess"),
    submitEvidence(2, "assess", evidence("brief")),
    amend(3, amendment([decisionNode("check")], [{ from: "assess", to: "check" }])),
    submitResult(4, "assess", { outputs: { report: "b is cheaper" } }),
    propose(5, "agree", { action: SWITCH }),
    amend(6, late, { by: "agent-a" }),
    decidesAmendment(7, ANN),
    approves(8, "agree", BEN),
    propose(9, "switch", { action: SWITCH }),
    approves(10, "switch", ANN),
    amend(11, amendment([executionNode("more")])),
    decidesAmendment(12, BEN, { decision: "deny", reason: "not now" }),
    amend(13, amendment([executionNode("more")])),
    amend(14, amendment([decisionNode("x")]), {
      by: "eve",
      proposer: agent("eve", { banned: true }),
    }),
    reports(15, "switch"),
    propose(16, "check"),
    submitResult(17, "check"),
    propose(18, "audit"),
    submitResult(19, "audit"),
    propose(20, "notify", { action: SWITCH }),
    amend(21, amendment([executionNode("never")]), { by: "agent-b" }),
    reports(22, "notify"),
    passTime(90_000),
  ];
}

/** A mission where much goes wrong: refusals, denials, silence, failures and doubt, until it is stopped. */
function troubled(): readonly Step[] {
  const compiled = plan(
    [
      decisionNode("draft", { attemptsMax: 2, writeSet: ["text#body"] }),
      decisionNode("slow", { writeSet: ["text#title"] }),
      executionNode("pay", { ...HUMAN, attemptsMax: 2 }),
      executionNode("ship"),
      executionNode("ask", { ...HUMAN }),
    ],
    { edges: [] },
  );
  return [
    openMission(compiled),
    propose(1, "draft", { agent: null }),
    propose(2, "draft", { agent: "unavailable" }),
    propose(3, "draft", { agent: agent("agent-a", { banned: true }) }),
    propose(4, "draft"),
    submitResult(5, "draft", { tests: [{ id: "accepted", passed: false }] }),
    propose(6, "draft"),
    submitResult(7, "draft", { tests: [{ id: "accepted", passed: false }] }),
    propose(8, "slow"),
    propose(9, "pay", { action: vendorSwitch({ amount: 1 }) }),
    propose(10, "pay", { action: vendorSwitch({ amount: 2 }) }),
    denies(11, "pay", ANN),
    propose(12, "pay", { action: vendorSwitch({ amount: 3 }) }),
    approves(13, "pay", ANN),
    intervene(14, "pause"),
    refuses(15, "pay", { reason: "GATE_NOT_CONFIRMED" }),
    intervene(16, "resume"),
    propose(17, "ship", { action: vendorSwitch() }),
    refuses(18, "ship", { reason: "ARGS_HASH_MISMATCH", verified: false }),
    refuses(19, "ship", { reason: "TICKET_SIGNATURE_INVALID", jti: null, verified: false }),
    passTime(600),
    reports(610, "ship", { outcome: "unknown", status: null, detail: "timed out" }),
    refuses(620, "ship"),
    propose(630, "ask", { action: SWITCH }),
    passTime(90_000),
    intervene(90_001, "stop"),
  ];
}

/** A mission that people set right: nodes start over, an agent leaves, and the third reset ends at a person. */
function restarted(): readonly Step[] {
  const compiled = plan(
    [
      decisionNode("draft", { attemptsMax: 1 }),
      executionNode("pay", { ...HUMAN, attemptsMax: 2 }),
      decisionNode("note", { writeSet: ["text#body"] }),
    ],
    { edges: [] },
  );
  return [
    openMission(compiled),
    propose(1, "draft"),
    submitResult(2, "draft", { tests: [{ id: "accepted", passed: false }] }),
    reset(3, "draft"),
    propose(4, "pay", { action: vendorSwitch({ amount: 3 }) }),
    reset(5, "pay"),
    propose(6, "note", { by: "agent-b" }),
    ban(7, "agent-b"),
    reset(8),
    reset(9, "draft"),
    intervene(10, "resume"),
    propose(11, "draft"),
    submitResult(12, "draft"),
    propose(13, "pay", { action: vendorSwitch({ amount: 4 }) }),
    propose(14, "pay", { action: vendorSwitch({ amount: 4 }) }),
    propose(15, "pay", { action: vendorSwitch({ amount: 4 }) }),
    intervene(16, "stop"),
  ];
}

/** A mission whose authorization ends before its work does. */
function sealed(): readonly Step[] {
  const compiled = plan([decisionNode("late")], { authorizationExpiresAt: iso(10) });
  return [openMission(compiled), propose(11, "late")];
}

/** A mission moved to a tighter policy while a node and an amendment wait for people. */
function repinned(): readonly Step[] {
  const compiled = plan([executionNode("pay", HUMAN), decisionNode("note")], { edges: [] });
  const [decide, act] = permitting("vendor.switch");
  const rules = [decide, act].flatMap((known) => (known ? [known] : []));
  const under = { path: "/amount", op: "lte", value: 100 } as const;
  const tighter = {
    ...policy(rules.map((known) => (known.id === "act" ? { ...known, when: [under] } : known))),
    version: "pol_017f22e2-79b0-7cc3-98c4-dc0c0c073992",
  };
  return [
    openMission(compiled),
    propose(1, "pay", { action: vendorSwitch({ amount: 5 }) }),
    amend(2, amendment([decisionNode("extra")])),
    repin(3, tighter),
    passTime(4),
    decidesAmendment(5, ANN),
    approves(6, "pay", ANN),
    reports(7, "pay"),
  ];
}

function repin(seconds: number, next: PinnedPolicy): (run: Run) => Command {
  return (run) => {
    const statement = {
      missionId: MISSION,
      version: next.version,
      policyHash: next.hash,
      fromPolicyHash: run.state?.policy.hash ?? "",
      decision: "repin",
      approver: "ben",
      reason: "amounts are bounded from now on",
      issuedAt: iso(seconds),
      expiresAt: iso(seconds + 300),
    };
    const [key] = BEN.keys;
    const header = { typ: POLICY_REPIN_JWS_TYPE, kid: key.kid };
    return {
      at: ms(seconds),
      actor: { kind: "human", id: "ben" },
      entropy: sha256Hex(`repin ${seconds}`),
      terms: TERMS,
      type: "RepinPolicy",
      policy: next,
      policyState: "active",
      proposedBy: "cy",
      statement: signJws(header, canonicalJson(statement), key.privateJwk),
      approver: BEN.facts,
    };
  };
}

/** Nobody answers, then other groups do; reminders; a pause after the first step, which stays taken. */
function escalated(): readonly Step[] {
  const approval = {
    group: "board",
    deadlineMs: 400_000,
    escalation: [
      { afterMs: 90_000, group: "finance" },
      { afterMs: 180_000, group: "owners", instead: true },
    ],
    reminder: { everyMs: 60_000 },
  };
  const both = { ...approval, quorum: 2, all: [{ group: "law", quorum: 1 }] };
  const compiled = plan(
    [
      executionNode("pay", { ...HUMAN, approval }),
      executionNode("sell", { ...HUMAN, approval: both }),
    ],
    { edges: [] },
  );
  const [fay, lee, oda, ora] = ["finance", "law", "owners", "owners"].map((group, at) =>
    person(`${group}-${at}`, { groups: [group] }),
  );
  if (!fay || !lee || !oda || !ora) throw new Error("four people");
  return [
    openMission(compiled),
    propose(1, "pay", { action: SWITCH }),
    propose(2, "sell", { action: SWITCH }),
    passTime(61),
    approves(80, "sell", lee),
    approves(95, "pay", fay),
    intervene(100, "pause"),
    intervene(110, "resume"),
    passTime(300),
    approves(310, "sell", oda),
    approves(311, "sell", ora),
    reports(320, "pay"),
    reports(321, "sell"),
  ];
}

/** A mission whose actions end in doubt: people find out, the gateway speaks late, once against them. */
function reconciled(): readonly Step[] {
  const compiled = plan(
    [
      executionNode("pay", { ...HUMAN, attemptsMax: 2, writeSet: ["account#a"] }),
      executionNode("ship", { attemptsMax: 1, writeSet: ["order#b"] }),
      executionNode("tell"),
    ],
    { edges: [], missionInputs: ["offer"] },
  );
  const offer = evidence("offer");
  const doubt = { outcome: "unknown", status: null, detail: "timed out" } as const;
  return [
    openMission(compiled, { inputs: [offer] }),
    propose(1, "pay", { action: SWITCH }),
    approves(2, "pay", ANN),
    reports(3, "pay", doubt),
    reconcile(4, "pay", "not_done", { evidence: [offer.hash] }),
    propose(5, "pay", { action: SWITCH }),
    approves(6, "pay", BEN),
    reports(7, "pay", doubt),
    recordedLate(8, "pay", "succeeded"),
    reconcile(9, "pay", "done"),
    propose(10, "ship", { action: SWITCH }),
    reports(11, "ship", doubt),
    reconcile(12, "ship", "not_done"),
    reset(13, "ship"),
    propose(14, "ship", { action: SWITCH }),
    reports(15, "ship"),
    propose(16, "tell", { action: SWITCH }),
    reports(17, "tell", doubt),
    reconcile(18, "tell", "not_done"),
    recordedLate(19, "tell", "succeeded"),
    intervene(20, "resume"),
  ];
}

/** The gateway's definite word on the node's newest ticket, after it had none. */
function recordedLate(seconds: number, nodeId: string, outcome: "succeeded" | "failed") {
  return (run: Run) => recordReceipt(seconds, receipt(jtiOf(run, nodeId), { outcome }));
}

/** Every story by the name of its golden file. */
export const GOLDEN_STORIES = {
  amended,
  peopled,
  troubled,
  sealed,
  repinned,
  verified,
  restarted,
  escalated,
  reconciled,
  delegated,
  trusted: trustedStory,
  declared,
  planted,
} as const;

/** Tells a story; every step must be accepted, and all invariants hold after each. */
export function tell(steps: readonly Step[]): Run {
  const run = createRun();
  for (const [at, step] of steps.entries()) {
    if (typeof step === "object" && "stateBefore" in step) throw new Error("a story has commands");
    const done = run.execute(typeof step === "function" ? step(run) : step);
    if (!done.ok) throw new Error(`step ${at} is refused: ${JSON.stringify(done.error)}`);
  }
  return run;
}
