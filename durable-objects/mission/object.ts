/**
 * One mission: a shell that loads, decides, appends and sends. It holds no rule of the domain; what
 * a command means is `decide`'s, what an event does is `evolve`'s (shared/mission).
 *
 * The commit order, and what a crash right after each step leaves behind, is in ARCHITECTURE.md;
 * the numbers in the comments below are its steps.
 */
import { DurableObject } from "cloudflare:workers";
import { createEntropy } from "../entropy.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  answerOf,
  type Command,
  confirmTicket,
  decide,
  evidenceIn,
  evolve,
  explainGate,
  isGrowing,
  type MissionState,
  nextDueMs,
  recordEvents,
  type Rejection,
  seqOfEvidence,
  viewBlocked,
  viewMission,
  viewReady,
  type Wondering,
} from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { signTicket, type TicketClaims } from "../../shared/ticket/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { EMPTY_HEAD, GENESIS_HASH, type Head, type TraceEvent } from "../../shared/trace/index.ts";
import type { Executed, ExecuteRequest, MissionRpc, SinkName } from "../../shared/wire/rpc.ts";
import { isEarlier, nextAlarmMs } from "./alarm.ts";
import { type MissionEnv, queueSends } from "./env.ts";
import { createJournal, type Journal } from "./journal.ts";
import { missionKeys } from "./keys.ts";
import { type Loaded, loadMission, stateFor } from "./load.ts";
import { createMissionLog, type MissionLog } from "./log.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { sealSnapshot } from "./snapshot.ts";

/** How long after a failed alarm the next one comes; the platform's own retries end after six. */
const ALARM_RETRY_MS = 30_000;

export class MissionObject extends DurableObject<MissionEnv> implements MissionRpc {
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  readonly #log: MissionLog;
  #loaded: Loaded | null = null;
  /** When the alarm is set for; undefined until this object has set or seen it. */
  #armedMs: number | null | undefined = undefined;
  /** What the journal takes; null until a command asks. */
  #bytes: number | null = null;

  constructor(ctx: DurableObjectState, env: MissionEnv) {
    super(ctx, env);
    this.#journal = createJournal(ctx.storage.sql);
    this.#log = createMissionLog({
      read: (after, limit) => this.#journal.read(after, limit),
      // The rows changed under a living object: forget what was loaded; the next look reports it.
      onBroken: () => (this.#loaded = null),
    });
    this.#outbox = createOutbox({
      ...queueSends(env),
      readEvents: (after, limit) => this.#journal.read(after, limit),
      lastSeq: () => this.#journal.lastSeq(),
      cursors: () => this.#journal.cursors(),
      moveCursors: (cursors) => this.#journal.moveCursors(cursors),
      nowMs: () => Date.now(),
      warn: (what, error) => this.#warn(`outbox_${what}`, error),
    });
  }

  async execute(request: ExecuteRequest): Promise<Result<Executed, Rejection>> {
    return this.#execute(request);
  }

  async view(team: string): ReturnType<MissionRpc["view"]> {
    const loaded = this.#load();
    const state = stateFor(loaded, team);
    if (!state) return err({ reason: "mission_unknown" });
    const broken = loaded.kind === "broken" ? loaded.broken : null;
    return ok({ view: viewMission(state), head: state.head, broken });
  }

  async ready(team: string): ReturnType<MissionRpc["ready"]> {
    const state = stateFor(this.#load(), team);
    return state
      ? ok({ nodes: viewReady(state), head: state.head })
      : err({ reason: "mission_unknown" });
  }

  async blocked(team: string): ReturnType<MissionRpc["blocked"]> {
    const state = stateFor(this.#load(), team);
    return state
      ? ok({ blocked: viewBlocked(state), head: state.head })
      : err({ reason: "mission_unknown" });
  }

  async explain(
    team: string,
    nodeId: string,
    wondering: Wondering | null,
  ): ReturnType<MissionRpc["explain"]> {
    const state = stateFor(this.#load(), team);
    const explained = explainGate(state, nodeId, wondering, unixMsToIso(Date.now()));
    return explained.ok && state
      ? ok({ ...explained.value, head: state.head })
      : (explained as Result<never, Rejection>);
  }

  async evidence(team: string, hash: string): ReturnType<MissionRpc["evidence"]> {
    const state = stateFor(this.#load(), team);
    if (!state) return err({ reason: "mission_unknown" });
    const seq = seqOfEvidence(state, hash);
    const event = seq === null ? undefined : this.#journal.read(seq - 1, 1)[0];
    const stored = event && evidenceIn(event, hash);
    return stored ? ok(stored) : err({ reason: "evidence_unknown", hash });
  }

  async readTrace(team: string, after: number, limit: number): ReturnType<MissionRpc["readTrace"]> {
    // Served from the rows as they are: a broken trace must stay readable to be examined.
    if (this.#load().kind === "unknown" || !this.#isOwn(team))
      return err({ reason: "mission_unknown" });
    const events = this.#journal.read(after, Math.min(limit, LIMITS.tracePageMax));
    return ok({ events, head: this.#journalHead() });
  }

  async checkpoint(team: string, size: number | null): ReturnType<MissionRpc["checkpoint"]> {
    return this.#log.head(this.#soundHead(team), size);
  }

  async inclusionProof(
    team: string,
    seq: number,
    size: number | null,
  ): ReturnType<MissionRpc["inclusionProof"]> {
    return this.#log.inclusion(this.#soundHead(team), seq, size);
  }

  async consistencyProof(
    team: string,
    from: number,
    to: number | null,
  ): ReturnType<MissionRpc["consistencyProof"]> {
    return this.#log.consistency(this.#soundHead(team), from, to);
  }

  async confirmTicket(claims: TicketClaims): ReturnType<MissionRpc["confirmTicket"]> {
    const loaded = this.#load();
    return confirmTicket(loaded.kind === "live" ? loaded.state : null, claims, Date.now());
  }

  async acknowledge(sink: SinkName, seq: number): Promise<void> {
    if (this.#load().kind !== "live") return;
    this.ctx.storage.transactionSync(() => this.#outbox.acknowledge(sink, seq));
  }

  override async alarm(): Promise<void> {
    this.#armedMs = null;
    try {
      const loaded = this.#load();
      if (loaded.kind !== "live") return;
      this.#execute({
        team: loaded.state.team,
        command: this.#passTime(),
        idempotency: null,
        ifMatch: null,
      });
      const state = stateFor(this.#load(), loaded.state.team);
      if (!state) return;
      await this.#outbox.resend(state);
      await this.#arm(state);
    } catch (error) {
      // Caught and armed again, because the platform drops an alarm that failed six times.
      this.#warn("alarm_failed", error);
      this.#loaded = null;
      await this.#armAt(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** Steps 2 to 5 of the commit order, in one synchronous turn: no other request can come between. */
  #execute({ team, command, idempotency, ifMatch }: ExecuteRequest): Result<Executed, Rejection> {
    const loaded = this.#load();
    if (loaded.kind === "broken") return err({ reason: "mission_broken", ...loaded.broken });
    const state = stateFor(loaded, team);
    if (!this.#isOwn(team)) return err({ reason: "mission_unknown" });
    if (idempotency && state) {
      const stored = this.#journal.command(idempotency.key);
      if (stored && stored.requestHash !== idempotency.requestHash)
        return err({ reason: "idempotency_key_reused" });
      if (stored)
        return ok({
          answer: answerOf(stored.events),
          head: headAfter(stored.events),
          replayed: true,
        });
    }
    if (ifMatch !== null && state && ifMatch !== headTag(state.head))
      return err({ reason: "head_stale", head: headTag(state.head) });
    if (state && isGrowing(command) && this.#journalBytes() >= LIMITS.missionBytesMax) {
      const { eventsPerMissionMax: eventsMax, missionBytesMax: bytesMax } = LIMITS;
      return err({ reason: "mission_full", eventsMax, bytesMax });
    }
    // Step 2: a crash here leaves nothing.
    const drafts = decide(state, command);
    if (!drafts.ok) return drafts;
    const head = state?.head ?? EMPTY_HEAD;
    if (drafts.value.length === 0) return ok({ answer: answerOf([]), head, replayed: false });
    const events = this.#commit(head, command, drafts.value, idempotency);
    return ok({ answer: answerOf(events), head: headAfter(events), replayed: false });
  }

  #commit(
    head: Head,
    command: Command,
    drafts: Parameters<typeof recordEvents>[2],
    idempotency: ExecuteRequest["idempotency"],
  ): readonly TraceEvent[] {
    const missionId = command.type === "OpenMission" ? command.missionId : this.#missionId();
    const key = missionKeys(this.env.TICKET_SIGNING_KEYS).active;
    // Step 3: events, tickets and the idempotent answer become durable together. A crash before the
    // commit leaves nothing; after it, a lost reply is answered again from this row.
    const { events, bytes } = this.ctx.storage.transactionSync(() => {
      const recorded = recordEvents(head, missionId, drafts, (claims) => signTicket(claims, key));
      return { events: recorded, bytes: this.#journal.append(recorded, idempotency) };
    });
    if (this.#bytes !== null) this.#bytes += bytes;
    try {
      // Step 4: the same fold that loading runs.
      const state = this.#evolve(events, command);
      // Step 5: a crash from here on costs a second delivery at worst; the alarm sends what is owed.
      const armed = this.#tried("arm", this.#arm(state));
      this.ctx.waitUntil(armed.then(() => this.#outbox.flush(state, events)));
      return events;
    } catch (error) {
      // The events are durable and memory is dropped: the journal decides, at the latest in the alarm.
      this.#loaded = null;
      this.ctx.waitUntil(this.#tried("arm", this.#armAt(Date.now() + ALARM_RETRY_MS)));
      throw error;
    }
  }

  #evolve(events: readonly TraceEvent[], command: Command): MissionState {
    const loaded = this.#load();
    let state = loaded.kind === "live" ? loaded.state : null;
    const snapshotSeq = loaded.kind === "live" ? loaded.snapshotSeq : -1;
    this.#loaded = null;
    for (const event of events)
      state = evolve(state, event, command.type === "OpenMission" ? command.plan : undefined);
    if (!state) throw new Error("a command that is appended has events");
    this.#loaded = { kind: "live", state, snapshotSeq: this.#snapshot(state, snapshotSeq) };
    return state;
  }

  /** The seq of the last snapshot. One that cannot be written costs a slower wake and nothing else. */
  #snapshot(state: MissionState, snapshotSeq: number): number {
    const isDue =
      state.head.seq >= LIMITS.fullVerifyEventsMax &&
      state.head.seq - snapshotSeq >= LIMITS.snapshotEveryEvents;
    if (!isDue) return snapshotSeq;
    try {
      const sealed = sealSnapshot(state, missionKeys(this.env.TICKET_SIGNING_KEYS).active);
      this.ctx.storage.transactionSync(() => this.#journal.saveSnapshot(sealed));
    } catch (error) {
      this.#warn("snapshot_not_written", error);
    }
    // Counted as written either way, so that a lasting failure is not tried again by every command.
    return state.head.seq;
  }

  /** Loads on first use. After a commit, `#evolve` has put the new state here. */
  #load(): Loaded {
    if (this.#loaded) return this.#loaded;
    const keys = () => missionKeys(this.env.TICKET_SIGNING_KEYS).published;
    const loaded = loadMission(this.#journal, this.#missionId(), keys);
    this.#loaded = loaded;
    // Whatever woke the object, an alarm that was lost is set again here; the sweep counts on it.
    if (loaded.kind === "live") this.ctx.waitUntil(this.#tried("arm", this.#arm(loaded.state)));
    if (loaded.kind === "broken")
      this.ctx.waitUntil(this.#reportBreach(loaded.broken.seq, loaded.broken.detail));
    return loaded;
  }

  #journalBytes(): number {
    this.#bytes ??= this.#journal.bytes();
    return this.#bytes;
  }

  /** Of the rows as they are; the hash is made up where the last row cannot be read, and nothing matches it. */
  #journalHead(): Head {
    const seq = this.#journal.lastSeq();
    const [last] = this.#journal.read(seq - 1, 1);
    return { seq, hash: last?.hash ?? GENESIS_HASH };
  }

  /** The trace cannot take the incident of its own breach, so the index is told directly. */
  async #reportBreach(seq: number, detail: string): Promise<void> {
    const [team, missionId] = [this.#name()[0], this.#missionId()];
    this.#warn("mission_broken", detail);
    try {
      await this.env.INDEX.send({
        kind: "breach",
        team,
        missionId,
        seq,
        detail,
        at: unixMsToIso(Date.now()),
      });
    } catch (error) {
      this.#warn("breach_not_reported", error);
    }
  }

  /** The head of a mission that verifies; what does not is never shown to be signed. */
  #soundHead(team: string): Result<Head, Rejection> {
    const loaded = this.#load();
    const state = stateFor(loaded, team);
    if (!state) return err({ reason: "mission_unknown" });
    return loaded.kind === "broken"
      ? err({ reason: "mission_broken", ...loaded.broken })
      : ok(state.head);
  }

  async #arm(state: MissionState): Promise<void> {
    const needs = { dueMs: nextDueMs(state), ...this.#outbox.needs(state) };
    await this.#armAt(nextAlarmMs(needs, Date.now()));
  }

  async #armAt(nextMs: number | null): Promise<void> {
    const seen = this.#armedMs === undefined ? await this.ctx.storage.getAlarm() : null;
    // Another turn may have set it meanwhile; it knows better than what was stored before.
    if (this.#armedMs === undefined) this.#armedMs = seen;
    if (!isEarlier(nextMs, this.#armedMs)) return;
    this.#armedMs = nextMs;
    try {
      await this.ctx.storage.setAlarm(nextMs);
    } catch (error) {
      this.#armedMs = undefined;
      throw error;
    }
  }

  /** After the turn's answer. A failure is told and passed: the next command, read or sweep arms again. */
  async #tried(what: string, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#warn(`${what}_failed`, error);
    }
  }

  #passTime(): Command {
    return {
      type: "PassTime",
      at: Date.now(),
      actor: { kind: "system", id: "sekisho" },
      entropy: createEntropy(),
      terms: {
        issuer: this.env.API_ORIGIN,
        audience: this.env.GATEWAY_ID,
        ttlMs: LIMITS.ticketTtlMs,
      },
    };
  }

  #isOwn(team: string): boolean {
    return this.#name()[0] === team;
  }

  #missionId(): string {
    return this.#name()[1];
  }

  /** `<team>/<missionId>`: the name this object is found by (worker/missions.ts). */
  #name(): readonly [string, string] {
    const name = this.ctx.id.name ?? "";
    const slash = name.indexOf("/");
    return [name.slice(0, slash), name.slice(slash + 1)];
  }

  #warn(what: string, error: unknown): void {
    // eslint-disable-next-line no-console -- the only log line of the objects; structured like worker/log.ts
    console.warn(
      JSON.stringify({ level: "warn", what, mission: this.ctx.id.name, error: String(error) }),
    );
  }
}

function headTag(head: Head): string {
  return `${head.seq}-${head.hash}`;
}

function headAfter(events: readonly TraceEvent[]): Head {
  const last = events.at(-1);
  return last ? { seq: last.seq, hash: last.hash } : EMPTY_HEAD;
}
