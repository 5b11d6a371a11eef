/**
 * Scenarios: `given(...history).when(step).yields(...events)`, or `.rejects(reason)`, or
 * `.staysQuiet()`. Runs commands exactly as the mission object does (decide, record with a real
 * signature, evolve) and checks every invariant after each of them. Asserts events, not state.
 */
import { expect } from "vitest";
import type { ApprovalStatement } from "../../shared/approval/index.ts";
import {
  type Command,
  evolve,
  type MissionState,
  recordEvents,
  type Rejection,
  type RejectionReason,
  stateHash,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Denial, type Receipt, signTicket } from "../../shared/ticket/index.ts";
import { EMPTY_HEAD, type EventDraft, type TraceEvent } from "../../shared/trace/index.ts";
import {
  denial,
  iso,
  MISSION,
  type Person,
  receipt,
  signStatement,
  statement,
  TICKET_KEY,
} from "./builders.ts";
import { decideApproval, recordDenial, recordReceipt } from "./commands.ts";
import { createChecker } from "./invariants.ts";
import { decideLeased } from "./local-arbiter.ts";

/** A mission under test: its state, its trace, and the state's text as it was after each event. */
export interface Run {
  readonly state: MissionState | null;
  readonly events: readonly TraceEvent[];
  readonly snapshots: readonly string[];
  /** The state hash after each command, by the seq of the command's last event. */
  readonly stateHashes: ReadonlyMap<number, string>;
}

/** A command, a command that depends on where the mission stands, or an event taken as given. */
export type Step = Command | EventDraft | ((run: Run) => Command);

/** Starts a mission under test. `execute` runs one command as the object does. */
export function createRun(): Run & {
  execute(command: Command): Result<readonly TraceEvent[], Rejection>;
  append(draft: EventDraft): void;
} {
  const events: TraceEvent[] = [];
  const snapshots: string[] = [];
  const stateHashes = new Map<number, string>();
  const checker = createChecker({ ticketKey: TICKET_KEY.publicJwk });
  let state: MissionState | null = null;

  const take = (drafts: readonly EventDraft[], missionId: string, command?: Command) => {
    const sign = (claims: Parameters<typeof signTicket>[0]) =>
      signTicket(claims, TICKET_KEY.privateJwk);
    const recorded = recordEvents(state?.head ?? EMPTY_HEAD, missionId, drafts, sign);
    const compiled = command?.type === "OpenMission" ? command.plan : undefined;
    for (const event of recorded) {
      state = evolve(state, event, compiled);
      snapshots.push(stateToSnapshot(state));
    }
    events.push(...recorded);
    if (state) {
      if (recorded.length > 0) stateHashes.set(state.head.seq, stateHash(state));
      expect(checker.check(recorded, state)).toEqual([]);
    }
    return recorded;
  };

  return {
    get state() {
      return state;
    },
    events,
    snapshots,
    stateHashes,
    execute(command) {
      const before = state === null ? null : stateToSnapshot(state);
      const decided = decideLeased(state, command);
      const after = state === null ? null : stateToSnapshot(state);
      expect(after, "decide changed the state it was given").toBe(before);
      if (!decided.ok) return err(decided.error);
      const missionId =
        command.type === "OpenMission" ? command.missionId : (state?.missionId ?? MISSION);
      return ok(take(decided.value, missionId, command));
    },
    append(draft) {
      take([draft], state?.missionId ?? MISSION);
    },
  };
}

type Expected = Readonly<Record<string, unknown>>;

/** Runs the history, each step of which must succeed. */
export function given(...history: readonly Step[]) {
  const run = createRun();
  for (const step of history) {
    if (isEvent(step)) run.append(step);
    else mustSucceed(run.execute(commandOf(step, run)), step);
  }
  return {
    run: run as Run,
    /** Everything that happened, for tests that look at more than the last step. */
    events: run.events,
    when: (step: Exclude<Step, EventDraft>) => {
      const decided = run.execute(commandOf(step, run));
      return {
        run: run as Run,
        /** Exactly these events, in this order, each with at least these members. */
        yields(...expected: readonly Expected[]): void {
          if (!decided.ok) throw new Error(`rejected: ${JSON.stringify(decided.error)}`);
          expect(decided.value.map((event) => event.type)).toEqual(
            expected.map((event) => event["type"]),
          );
          expect(decided.value).toMatchObject([...expected]);
        },
        /** A rejection for this reason, with at least these facts. */
        rejects(reason: RejectionReason, facts: Expected = {}): void {
          expect(
            decided.ok ? decided.value.map((event) => event.type) : decided.error,
          ).toMatchObject({ reason, ...facts });
        },
        /** Accepted, and nothing happened. */
        staysQuiet(): void {
          expect(decided).toEqual({ ok: true, value: [] });
        },
      };
    },
  };
}

function isEvent(step: Step): step is EventDraft {
  return typeof step === "object" && "stateBefore" in step;
}

function commandOf(step: Exclude<Step, EventDraft>, run: Run): Command {
  return typeof step === "function" ? step(run) : step;
}

function mustSucceed(result: Result<unknown, Rejection>, step: Step): void {
  if (result.ok) return;
  const name = typeof step === "object" ? step.type : step.name;
  throw new Error(`the given step ${name} was rejected: ${JSON.stringify(result.error)}`);
}

// Steps that depend on where the mission stands

type Signing = Partial<ApprovalStatement> & { readonly key?: Person["keys"][number] };

/** `who` signs the node's open request (or, with overrides, something else) and sends it. */
export function approves(
  seconds: number,
  nodeId: string,
  who: Person,
  overrides: Signing = {},
): (run: Run) => Command {
  return (run) => {
    const { key = who.keys[0], ...members } = overrides;
    const gateDigest = requestOf(run, nodeId)?.gateDigest ?? "0".repeat(64);
    const attempt = run.state?.nodes.get(nodeId)?.attempt ?? 1;
    const about = { nodeId, gateDigest, attempt, approver: who.facts.id, issuedAt: iso(seconds) };
    const signed = statement({ ...about, ...members });
    return decideApproval(seconds, nodeId, who, signStatement(signed, key));
  };
}

export function denies(
  seconds: number,
  nodeId: string,
  who: Person,
  overrides: Signing = {},
): (run: Run) => Command {
  return approves(seconds, nodeId, who, { decision: "deny", reason: "too dear", ...overrides });
}

/** The gateway reports the node's outstanding ticket. */
export function reports(
  seconds: number,
  nodeId: string,
  overrides: Partial<Receipt> = {},
): (run: Run) => Command {
  return (run) => recordReceipt(seconds, receipt(jtiOf(run, nodeId), overrides));
}

/** The gateway refuses the ticket last issued for the node. */
export function refuses(
  seconds: number,
  nodeId: string,
  overrides: Partial<Denial> = {},
): (run: Run) => Command {
  return (run) => recordDenial(seconds, denial(jtiOf(run, nodeId), overrides));
}

export function requestOf(run: Run, nodeId: string) {
  return run.state?.nodes.get(nodeId)?.request ?? null;
}

/** The id of the node's newest ticket, outstanding or not. */
export function jtiOf(run: Run, nodeId: string, nth = -1): string {
  const issued = run.events.filter(
    (event) => event.type === "ticket.issued" && event.nodeId === nodeId,
  );
  const claims = issued.at(nth)?.data["claims"] as { readonly jti: string } | undefined;
  if (!claims) throw new Error(`no ticket was issued for ${nodeId}`);
  return claims.jti;
}

/** The events of one type, newest last. */
export function eventsOf(run: Run, type: string, nodeId?: string): readonly TraceEvent[] {
  return run.events.filter(
    (event) => event.type === type && (nodeId === undefined || event.nodeId === nodeId),
  );
}
