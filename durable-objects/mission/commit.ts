/**
 * The commit path: steps 2 to 5 of the commit order (ARCHITECTURE.md) in one synchronous turn, so that no
 * other request can come between. A turn that needs slices ends without a trace and is taken again once their
 * arbiters have been asked (leased-turn.ts). It holds no rule of the domain, and nothing of the platform: what a
 * command means is `decide`'s, what an event does is `evolve`'s, and where things are stored is the object's.
 */
import type { PrivateJwk } from "../../shared/crypto.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  answerOf,
  type Command,
  decideAsking,
  endingGrants,
  evolve,
  holdsSlice,
  isGrowing,
  type MissionState,
  recordEvents,
  type Rejection,
} from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { signTicket } from "../../shared/ticket/index.ts";
import { EMPTY_HEAD, type Head, type TraceEvent } from "../../shared/trace/index.ts";
import type { Executed, ExecuteRequest } from "../../shared/wire/rpc.ts";
import type { Journal } from "./journal.ts";
import { type Attempt, runLeased } from "./leased-turn.ts";
import type { Leases } from "./leases.ts";
import { type Loaded, stateFor } from "./load.ts";
import { sealSnapshot } from "./snapshot.ts";

/** How long after a failed turn the alarm comes; the platform's own retries end after six. */
export const ALARM_RETRY_MS = 30_000;

export interface CommitDeps {
  readonly journal: Journal;
  readonly leases: Leases;
  load(): Loaded;
  /** What `load` answers from now on; null: the journal, anew. */
  remember(loaded: Loaded | null): void;
  /** All or nothing; durable when the caller's output gate opens. */
  transaction<T>(work: () => T): T;
  isOwn(team: string): boolean;
  missionId(): string;
  /** Throws when there is none: then nothing is committed. */
  signingKey(): PrivateJwk;
  /** Step 5: arms and sends without being waited for. A crash from here on costs a second delivery at worst. */
  send(state: MissionState, events: readonly TraceEvent[]): void;
  /** What was left behind in this turn, only the alarm can find: it comes by then. */
  lookAgain(afterMs: number): void;
  nowMs(): number;
  warn(what: string, error: unknown): void;
}

export interface CommitPath {
  execute(request: ExecuteRequest): Promise<Result<Executed, Rejection>>;
}

export function createCommitPath(deps: CommitDeps): CommitPath {
  const memory: Memory = { bytes: null };
  const turns = {
    leases: deps.leases,
    holds: (slice: string) => isHeld(deps.load(), slice),
    lookAgain: (afterMs: number) => deps.lookAgain(afterMs),
    nowMs: () => deps.nowMs(),
  };
  return {
    async execute(request) {
      // The word that a slice is free may overtake the arbiter's refusal: whoever is about to be paused by that
      // must be paused before the word is heard, or nobody would ever ask for them again.
      if (request.command.type !== "LeaseFreed") {
        // Most turns need no slice, and end here in the turn of their request.
        const first = attempt(deps, memory, request);
        if (first.kind === "done") return first.result;
      }
      return deps.leases.inTurn(() =>
        runLeased(turns, (facts) =>
          attempt(deps, memory, {
            ...request,
            command: { ...request.command, leases: facts },
          }),
        ),
      );
    },
  };
}

/** Whether the mission has the slice. One that cannot tell has it; one that was never opened has not. */
export function isHeld(loaded: Loaded, slice: string): boolean {
  if (loaded.kind === "unknown") return false;
  return loaded.kind === "broken" || holdsSlice(loaded.state, slice);
}

interface Memory {
  /** What the journal takes; null until a command asks. */
  bytes: number | null;
}

function attempt(
  deps: CommitDeps,
  memory: Memory,
  request: ExecuteRequest,
): Attempt<Result<Executed, Rejection>> {
  const before = answerBefore(deps, memory, request);
  if (before) return { kind: "done", result: before };
  const { team, command, idempotency } = request;
  const state = stateFor(deps.load(), team);
  // Step 2: a crash here leaves nothing.
  const decided = decideAsking(state, command);
  if (!decided.ok) return { kind: "done", result: decided };
  const { drafts, wanted } = decided.value;
  if (wanted.length > 0) return { kind: "asking", wanted };
  const head = state?.head ?? EMPTY_HEAD;
  if (drafts.length === 0)
    return { kind: "done", result: ok({ answer: answerOf([]), head, replayed: false }) };
  const events = commit(deps, memory, head, command, drafts, idempotency);
  const answer = answerOf(events);
  return { kind: "done", result: ok({ answer, head: headAfter(events), replayed: false }) };
}

/** What is answered without deciding: a refusal, or the answer that the idempotency key has already got. */
function answerBefore(
  deps: CommitDeps,
  memory: Memory,
  { team, command, idempotency, ifMatch }: ExecuteRequest,
): Result<Executed, Rejection> | null {
  const loaded = deps.load();
  if (loaded.kind === "broken") return err({ reason: "mission_broken", ...loaded.broken });
  const state = stateFor(loaded, team);
  if (!deps.isOwn(team)) return err({ reason: "mission_unknown" });
  const stored = idempotency && state ? deps.journal.command(idempotency.key) : null;
  if (stored && stored.requestHash !== idempotency?.requestHash)
    return err({ reason: "idempotency_key_reused" });
  if (stored)
    return ok({ answer: answerOf(stored.events), head: headAfter(stored.events), replayed: true });
  if (ifMatch !== null && state && ifMatch !== headTag(state.head))
    return err({ reason: "head_stale", head: headTag(state.head) });
  if (state && isGrowing(command) && journalBytes(deps, memory) >= LIMITS.missionBytesMax) {
    const { eventsPerMissionMax: eventsMax, missionBytesMax: bytesMax } = LIMITS;
    return err({ reason: "mission_full", eventsMax, bytesMax });
  }
  return null;
}

function commit(
  deps: CommitDeps,
  memory: Memory,
  head: Head,
  command: Command,
  drafts: Parameters<typeof recordEvents>[2],
  idempotency: ExecuteRequest["idempotency"],
): readonly TraceEvent[] {
  const missionId = command.type === "OpenMission" ? command.missionId : deps.missionId();
  const key = deps.signingKey();
  // Step 3: events, tickets and the idempotent answer become durable together. A crash before the
  // commit leaves nothing; after it, a lost reply is answered again from this row.
  const { events, bytes } = deps.transaction(() => {
    const recorded = recordEvents(head, missionId, drafts, (claims) => signTicket(claims, key));
    return { events: recorded, bytes: deps.journal.append(recorded, idempotency) };
  });
  if (memory.bytes !== null) memory.bytes += bytes;
  try {
    const loaded = deps.load();
    const ending = endingGrants(loaded.kind === "live" ? loaded.state : null, events);
    // Step 4: the same fold that loading runs.
    const state = fold(deps, events, command);
    deps.send(state, events);
    // A crash before the arbiters hear of it leaves them to ask for themselves.
    deps.leases.giveBack(ending.filter(({ slice }) => !holdsSlice(state, slice)));
    return events;
  } catch (error) {
    // The events are durable and memory is dropped: the journal decides, at the latest in the alarm.
    deps.remember(null);
    deps.lookAgain(ALARM_RETRY_MS);
    throw error;
  }
}

function fold(deps: CommitDeps, events: readonly TraceEvent[], command: Command): MissionState {
  const loaded = deps.load();
  let state = loaded.kind === "live" ? loaded.state : null;
  const snapshotSeq = loaded.kind === "live" ? loaded.snapshotSeq : -1;
  deps.remember(null);
  for (const event of events)
    state = evolve(state, event, command.type === "OpenMission" ? command.plan : undefined);
  if (!state) throw new Error("a command that is appended has events");
  deps.remember({ kind: "live", state, snapshotSeq: snapshot(deps, state, snapshotSeq) });
  return state;
}

/** The seq of the last snapshot. One that cannot be written costs a slower wake and nothing else. */
function snapshot(deps: CommitDeps, state: MissionState, snapshotSeq: number): number {
  const isDue =
    state.head.seq >= LIMITS.fullVerifyEventsMax &&
    state.head.seq - snapshotSeq >= LIMITS.snapshotEveryEvents;
  if (!isDue) return snapshotSeq;
  try {
    const sealed = sealSnapshot(state, deps.signingKey());
    deps.transaction(() => deps.journal.saveSnapshot(sealed));
  } catch (error) {
    deps.warn("snapshot_not_written", error);
  }
  // Counted as written either way, so that a lasting failure is not tried again by every command.
  return state.head.seq;
}

function journalBytes({ journal }: CommitDeps, memory: Memory): number {
  memory.bytes ??= journal.bytes();
  return memory.bytes;
}

function headTag(head: Head): string {
  return `${head.seq}-${head.hash}`;
}

function headAfter(events: readonly TraceEvent[]): Head {
  const last = events.at(-1);
  return last ? { seq: last.seq, hash: last.hash } : EMPTY_HEAD;
}
