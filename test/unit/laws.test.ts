/**
 * The laws of the core: on random plans and random commands, honest and hostile, every invariant
 * holds after every command. The seed is printed; `LAWS_SEED=<n>` and `LAWS_RUNS=<n>` run it again.
 */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Command,
  confirmTicket,
  foldTrace,
  nextDueMs,
  replayTrace,
  snapshotToState,
  stateHash,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { evidence, ms } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { planGene, type PlanGene, planOf, policyOf } from "../support/random-plan.ts";
import { commandFor, stepGene, type StepGene } from "../support/random-step.ts";
import { createRun } from "../support/scenario.ts";

const SEED = Number(process.env["LAWS_SEED"] ?? randomInt(2 ** 31 - 1));
const RUNS = Number(process.env["LAWS_RUNS"] ?? 1_200);
process.stdout.write(`laws: seed ${SEED}, ${RUNS} runs (LAWS_SEED=${SEED} runs them again)\n`);
fc.configureGlobal({ seed: SEED, numRuns: RUNS });

/** How often something happened over all runs; laws over things that never happen prove nothing. */
const sometimes = new Map<string, number>();

/** Floors over at least 1,000 runs, about a quarter of what is usual; of successes first of all. */
const FLOORS: Readonly<Record<string, number>> = {
  "mission.opened": 1_000,
  "mission.completed": 100,
  "mission.stopped": 3,
  "mission.sealed": 20,
  "mission.resumed": 40,
  "node DONE": 800,
  "gate allow": 2_000,
  "gate pause": 600,
  "gate block": 1_000,
  "gate seal": 20,
  "ticket.issued": 300,
  "ticket confirmed": 10,
  "ticket not confirmed": 200,
  "ticket.denied": 300,
  "ticket.duplicate": 1,
  "ticket.overdue": 20,
  "receipt succeeded": 200,
  "receipt failed": 25,
  "receipt unknown": 15,
  "failed tests_failed": 5,
  "failed action_failed": 25,
  "failed ticket_unused": 3,
  "failed lease_expired": 15,
  "failed in_doubt": 15,
  "reason PAUSE_OVERRIDDEN": 20,
  "reason UNIVERSE_UNKNOWN": 10,
  "reason RISK_OVER_BUDGET": 10,
  "reason CONSTRAINT_VIOLATED": 10,
  "reason CRITERION_SUBJECTIVE": 20,
  "reason AUTO_AUTH_BY_TRUST_AND_GRANT": 10,
  "reason TRUST_COOLDOWN_ACTIVE": 2,
  "reason TRUST_SCORE_LOW": 2,
  "approval.granted": 600,
  "approval.denied": 30,
  "approval.expired": 80,
  "approval.voided": 50,
  "proposal.refused": 400,
  "quiet RecordReceipt": 50,
  "rejected approval_signature_invalid": 5,
  "rejected approval_statement_mismatch": 30,
  "rejected approval_statement_expired": 5,
  "rejected approval_digest_stale": 5,
  "rejected approval_already_given": 3,
  "rejected approver_not_permitted": 1,
  "rejected mission_not_active": 500,
  "unvouched SubmitEvidence": 50,
  "unvouched SubmitResult": 90,
  "blocked contradiction of sources": 150,
  "blocked evidence changed after the signature": 3,
  "voided for another proposer": 18,
  "denied by who approved": 5,
  "exit asked again": 100,
};

function count(name: string, by = 1): void {
  sometimes.set(name, (sometimes.get(name) ?? 0) + by);
}

function live(planned: PlanGene, steps: readonly StepGene[]) {
  const run = createRun();
  const inputs = planned.policy % 2 === 0 ? [evidence("input")] : [];
  const opened = run.execute(openMission(planOf(planned), { policy: policyOf(planned), inputs }));
  expect(opened.ok).toBe(true);
  for (const [at, gene] of steps.entries()) {
    const command = commandFor(gene, run, at);
    const decided = run.execute(command);
    // Evidence and results of an agent that the directory does not vouch for touch nothing, ever.
    const unvouched = isUnvouched(command);
    expect(unvouched && decided.ok).toBe(false);
    if (unvouched) count(`unvouched ${command.type}`);
    if (!decided.ok) count(`rejected ${decided.error.reason}`);
    else if (decided.value.length === 0) count(`quiet ${command.type}`);
    else count(`accepted ${command.type}`);
  }
  for (const event of run.events) countEvent(event);
  countSecondThoughts(run.events);
  return run;
}

/** Denials by somebody who had approved the same request. */
function countSecondThoughts(events: readonly TraceEvent[]): void {
  const approved = new Set<string>();
  for (const { type, nodeId, data } of events) {
    const word = JSON.stringify([nodeId, data["gateDigest"], data["approver"]]);
    if (type === "approval.granted") approved.add(word);
    if (type === "approval.denied" && approved.has(word)) count("denied by who approved");
  }
}

function isUnvouched(command: Command): boolean {
  if (command.type !== "SubmitEvidence" && command.type !== "SubmitResult") return false;
  const { agent } = command;
  return agent === null || agent === "unavailable" || agent.banned;
}

function countEvent({ type, stateBefore, stateAfter, gateResult, data }: TraceEvent): void {
  count(type);
  if (type === "gate.evaluated") {
    count(`gate ${gateResult?.verdict}`);
    for (const { code, detail } of gateResult?.reasons ?? []) {
      if (code === "EVIDENCE_CONTRADICTION") count("blocked contradiction");
      if (code === "EVIDENCE_CONTRADICTION" && / of evd_/.test(detail))
        count("blocked contradiction of sources");
      if (code === "APPROVAL_NOT_FOR_THIS_ACTION" && /other evidence/.test(detail))
        count("blocked evidence changed after the signature");
    }
  }
  if (type === "node.unblocked" && stateAfter === "RUNNING") count("exit asked again");
  if (type === "approval.voided" && data["gateDigest"] === data["newGateDigest"])
    count("voided for another proposer");
  for (const code of new Set(gateResult?.reasons.map((reason) => reason.code)))
    count(`reason ${code}`);
  if (type === "node.failed") count(`failed ${data["cause"] as string}`);
  if (type === "receipt.recorded")
    count(`receipt ${(data["receipt"] as { outcome: string }).outcome}`);
  if (stateBefore !== stateAfter && stateAfter === "DONE") count("node DONE");
  if (stateBefore === "READY" && stateAfter === "RUNNING") count("node RUNNING");
}

describe(`laws of the core, seed ${SEED}`, () => {
  test(
    "every invariant holds after every command, on any plan and any commands",
    { timeout: 180_000 },
    () => {
      fc.assert(
        fc.property(
          planGene,
          fc.array(stepGene, { minLength: 15, maxLength: 60, size: "max" }),
          (planned, steps) => {
            const { state, events, snapshots, stateHashes } = live(planned, steps);
            if (!state) throw new Error("the mission is open");

            // I9: the stored trace folds to the state recorded at every seq.
            const stored = JSON.parse(JSON.stringify(events)) as TraceEvent[];
            let folded = null;
            for (const [seq, event] of stored.entries()) {
              folded = foldTrace([event], folded);
              expect(folded && stateToSnapshot(folded)).toBe(snapshots[seq]);
            }
            const [seq, hash] = [...stateHashes].at(steps.length % stateHashes.size) ?? [];
            const replayed = replayTrace(stored, seq ?? 0);
            expect(replayed.ok && replayed.value.stateHash).toBe(hash);

            // A snapshot is the state it was taken of.
            const woken = snapshotToState(stateToSnapshot(state), state.plan, state.policy);
            expect(woken && stateHash(woken)).toBe(stateHash(state));
            expect(woken && nextDueMs(woken)).toBe(nextDueMs(state));

            // I7: only the outstanding ticket of a running node of an active mission is confirmed.
            for (const event of events.filter((e) => e.type === "ticket.issued")) {
              const claims = event.data["claims"] as TicketClaims;
              const record = state.nodes.get(claims.node_id);
              const ends = state.plan.plan.authorizationExpiresAt;
              const standing =
                (ends === undefined || ends > state.lastAt) &&
                state.status === "active" &&
                record?.status === "RUNNING" &&
                record.ticket?.jti === claims.jti;
              expect(confirmTicket(state, claims, ms(0)).ok).toBe(standing);
              count(standing ? "ticket confirmed" : "ticket not confirmed");
            }
          },
        ),
      );
    },
  );

  test("the same plan and the same commands give the same trace", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        planGene,
        fc.array(stepGene, { minLength: 10, maxLength: 30 }),
        (planned, steps) => {
          const [one, other] = [live(planned, steps), live(planned, steps)];
          expect(other.events).toEqual(one.events);
          expect(other.state && stateHash(other.state)).toBe(one.state && stateHash(one.state));
        },
      ),
      { numRuns: Math.ceil(RUNS / 20) },
    );
  });

  test("everything that may happen did happen, so that no law held over nothing", () => {
    const table = [...sometimes].sort(([a], [b]) => (a < b ? -1 : 1));
    process.stdout.write(`laws: ${table.map(([name, n]) => `${name} ${n}`).join(", ")}\n`);
    if (RUNS < 1_000) return;
    const missed = Object.entries(FLOORS).filter(
      ([name, floor]) => (sometimes.get(name) ?? 0) < floor,
    );
    expect(
      missed.map(([name, floor]) => `${name}: ${sometimes.get(name) ?? 0} of ${floor}`),
    ).toEqual([]);
  });
});
