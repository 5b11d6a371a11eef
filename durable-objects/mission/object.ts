/**
 * One mission: a shell that wires journal, commit path, reading side, alarm and outbox to the platform. It
 * holds no rule of the domain; what a command means is `decide`'s, what an event does is `evolve`'s
 * (shared/mission). The commit order, and what a crash right after each step leaves behind, is in
 * ARCHITECTURE.md.
 */
import { DurableObject } from "cloudflare:workers";
import { createEntropy } from "../entropy.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  type Command,
  confirmTicket,
  type MissionState,
  nextDueMs,
  type Rejection,
  waitedSlices,
  type Wondering,
} from "../../shared/mission/index.ts";
import { err, type Result } from "../../shared/result.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import type {
  Executed,
  ExecuteRequest,
  MissionRpc,
  SinkName,
  SliceRpc,
} from "../../shared/wire/rpc.ts";
import { parseStreamAsk, type StreamBearer } from "../../shared/wire/stream.ts";
import { type Alarm, createAlarm, nextAlarmMs } from "./alarm.ts";
import { ALARM_RETRY_MS, type CommitPath, createCommitPath, isHeld } from "./commit.ts";
import { type MissionEnv, queueSends, teamRpc } from "./env.ts";
import { createJournal, type Journal } from "./journal.ts";
import { missionKeys } from "./keys.ts";
import { createLeases } from "./leases.ts";
import { type Loaded, loadMission, stateFor } from "./load.ts";
import { createMissionLog, type MissionLog } from "./log.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createReading, type Reading } from "./reading.ts";
import { reviewBefore } from "./review.ts";
import { createStream, type Stream } from "./stream.ts";
import { createStreamTickets, type StreamTickets } from "./stream-tickets.ts";

export class MissionObject extends DurableObject<MissionEnv> implements MissionRpc {
  readonly #journal: Journal;
  readonly #alarm: Alarm;
  readonly #commits: CommitPath;
  readonly #reading: Reading;
  readonly #outbox: Outbox;
  readonly #log: MissionLog;
  readonly #stream: Stream;
  readonly #streamTickets: StreamTickets;
  #loaded: Loaded | null = null;

  constructor(ctx: DurableObjectState, env: MissionEnv) {
    super(ctx, env);
    const journal = createJournal(ctx.storage.sql);
    this.#journal = journal;
    this.#alarm = createAlarm(ctx.storage);
    const own = { load: () => this.#load(), isOwn: (team: string) => this.#name()[0] === team };
    this.#log = createMissionLog({
      read: (after, limit) => journal.read(after, limit),
      // The rows changed under a living object: forget what was loaded; the next look reports it.
      onBroken: () => (this.#loaded = null),
    });
    this.#outbox = createOutbox({
      ...queueSends(env),
      readEvents: (after, limit) => journal.read(after, limit),
      lastSeq: () => journal.lastSeq(),
      cursors: () => journal.cursors(),
      moveCursors: (cursors) => journal.moveCursors(cursors),
      nowMs: () => Date.now(),
      warn: (what, error) => this.#warn(`outbox_${what}`, error),
    });
    this.#streamTickets = createStreamTickets(ctx.storage.kv);
    this.#stream = createStream({
      ...own,
      journal,
      sockets: () => ctx.getWebSockets(),
      nowMs: () => Date.now(),
      warn: (what, error) => this.#warn(what, error),
    });
    const leases = createLeases({
      arbiter: (artifact) =>
        this.env.SLICES.getByName(`${this.#name()[0]}/${artifact}`) as unknown as SliceRpc,
      missionId: () => this.#name()[1],
      goOn: (work) => ctx.waitUntil(work),
      warn: (what, error) => this.#warn(what, error),
    });
    this.#reading = createReading({
      ...own,
      journal,
      nowMs: () => Date.now(),
      peek: (wanted) => leases.peek(wanted),
    });
    this.#commits = createCommitPath({
      ...own,
      journal,
      leases,
      nowMs: () => Date.now(),
      remember: (loaded) => (this.#loaded = loaded),
      transaction: (work) => this.ctx.storage.transactionSync(work),
      missionId: () => this.#name()[1],
      signingKey: () => missionKeys(this.env.TICKET_SIGNING_KEYS).active,
      send: (state, events) => {
        this.#stream.publish();
        const armed = this.#tried("arm", this.#arm(state));
        this.ctx.waitUntil(armed.then(() => this.#outbox.flush(state, events)));
      },
      lookAgain: (afterMs) => this.ctx.waitUntil(this.#tried("arm", this.#armIn(afterMs))),
      warn: (what, error) => this.#warn(what, error),
    });
  }

  async execute(request: ExecuteRequest): Promise<Result<Executed, Rejection>> {
    await this.#review(request.command);
    return this.#commits.execute(request);
  }

  async view(team: string): ReturnType<MissionRpc["view"]> {
    return this.#reading.view(team);
  }

  async ready(team: string): ReturnType<MissionRpc["ready"]> {
    return this.#reading.ready(team);
  }

  async blocked(team: string): ReturnType<MissionRpc["blocked"]> {
    return this.#reading.blocked(team);
  }

  async explain(
    team: string,
    nodeId: string,
    wondering: Wondering | null,
  ): ReturnType<MissionRpc["explain"]> {
    return this.#reading.explain(team, nodeId, wondering);
  }

  async evidence(team: string, hash: string): ReturnType<MissionRpc["evidence"]> {
    return this.#reading.evidence(team, hash);
  }

  async approval(team: string, nodeId: string): ReturnType<MissionRpc["approval"]> {
    return this.#reading.approval(team, nodeId);
  }

  async readTrace(team: string, after: number, limit: number): ReturnType<MissionRpc["readTrace"]> {
    return this.#reading.trace(team, after, limit);
  }

  async checkpoint(team: string, size: number | null): ReturnType<MissionRpc["checkpoint"]> {
    return this.#log.head(this.#reading.soundHead(team), size);
  }

  async inclusionProof(
    team: string,
    seq: number,
    size: number | null,
  ): ReturnType<MissionRpc["inclusionProof"]> {
    return this.#log.inclusion(this.#reading.soundHead(team), seq, size);
  }

  async consistencyProof(
    team: string,
    from: number,
    to: number | null,
  ): ReturnType<MissionRpc["consistencyProof"]> {
    return this.#log.consistency(this.#reading.soundHead(team), from, to);
  }

  async admitStream(team: string, after: number): ReturnType<MissionRpc["admitStream"]> {
    return this.#stream.admit(team, after);
  }

  async issueStreamTicket(
    team: string,
    hash: string,
    bearer: StreamBearer,
  ): ReturnType<MissionRpc["issueStreamTicket"]> {
    if (!this.#isKnownTo(team)) return err({ reason: "mission_unknown" });
    return this.#streamTickets.issue(hash, bearer, Date.now());
  }

  async redeemStreamTicket(
    team: string,
    hash: string,
  ): ReturnType<MissionRpc["redeemStreamTicket"]> {
    return this.#isKnownTo(team) ? this.#streamTickets.redeem(hash, Date.now()) : null;
  }

  /** A stream's handshake, from the API worker alone; every one is answered, and refused by closing. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.ctx.acceptWebSocket(ours);
    this.#stream.connect(ours, parseStreamAsk(request.url));
    return new Response(null, { status: 101, webSocket: theirs });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.#stream.hear(socket, message);
  }

  /** The receiver left. Without this the runtime answers its close only when the object goes to sleep. */
  override async webSocketClose(socket: WebSocket): Promise<void> {
    socket.close();
  }

  async confirmTicket(claims: TicketClaims): ReturnType<MissionRpc["confirmTicket"]> {
    const loaded = this.#load();
    return confirmTicket(loaded.kind === "live" ? loaded.state : null, claims, Date.now());
  }

  async holdsSlice(team: string, slice: string): Promise<boolean> {
    return this.#name()[0] !== team || isHeld(this.#load(), slice);
  }

  async leaseFreed(team: string, slices: readonly string[]): Promise<void> {
    const command = { ...this.#ownCommand(), type: "LeaseFreed", slices } as const;
    await this.#review(command);
    await this.#commits.execute({ team, command, idempotency: null, ifMatch: null });
  }

  async acknowledge(sink: SinkName, seq: number): Promise<void> {
    if (this.#load().kind !== "live") return;
    this.ctx.storage.transactionSync(() => this.#outbox.acknowledge(sink, seq));
  }

  override async alarm(): Promise<void> {
    this.#alarm.hasFired();
    try {
      const loaded = this.#load();
      if (loaded.kind !== "live") return;
      const { team } = loaded.state;
      const waited = waitedSlices(loaded.state);
      const own = this.#ownCommand();
      // Time passes with any command; while somebody waits for slices, this one asks for them as well.
      const command: Command =
        waited.length > 0
          ? { ...own, type: "LeaseFreed", slices: waited }
          : { ...own, type: "PassTime" };
      await this.#review(command);
      await this.#commits.execute({ team, command, idempotency: null, ifMatch: null });
      const state = stateFor(this.#load(), team);
      if (!state) return;
      // What was committed and not published, because the turn failed behind the commit.
      this.#stream.publish();
      await this.#outbox.resend(state);
      await this.#arm(state);
    } catch (error) {
      // Caught and armed again, because the platform drops an alarm that failed six times.
      this.#warn("alarm_failed", error);
      this.#loaded = null;
      await this.#armIn(ALARM_RETRY_MS);
    }
  }

  /** Before the command's own turn: an await inside it would let another request come between. */
  async #review(command: Command): Promise<void> {
    const [team] = this.#name();
    await reviewBefore(
      {
        state: () => stateFor(this.#load(), team),
        standingOf: (ids) => teamRpc(this.env, team).approverStanding(ids),
        execute: async (review) =>
          void (await this.#commits.execute({
            team,
            command: review,
            idempotency: null,
            ifMatch: null,
          })),
        base: () => this.#ownCommand(),
      },
      command,
    );
  }

  /** Loads on first use. After a commit, the commit path has put the new state here. */
  #load(): Loaded {
    if (this.#loaded) return this.#loaded;
    const keys = () => missionKeys(this.env.TICKET_SIGNING_KEYS).published;
    const loaded = loadMission(this.#journal, this.#name()[1], keys);
    this.#loaded = loaded;
    // Whatever woke the object, an alarm that was lost is set again here; the sweep counts on it.
    if (loaded.kind === "live") this.ctx.waitUntil(this.#tried("arm", this.#arm(loaded.state)));
    if (loaded.kind === "broken")
      this.ctx.waitUntil(this.#reportBreach(loaded.broken.seq, loaded.broken.detail));
    return loaded;
  }

  #isKnownTo(team: string): boolean {
    return this.#load().kind !== "unknown" && this.#name()[0] === team;
  }

  /** The trace cannot take the incident of its own breach, so the index is told directly. */
  async #reportBreach(seq: number, detail: string): Promise<void> {
    const [team, missionId] = this.#name();
    const at = unixMsToIso(Date.now());
    this.#warn("mission_broken", detail);
    try {
      await this.env.INDEX.send({ kind: "breach", team, missionId, seq, detail, at });
    } catch (error) {
      this.#warn("breach_not_reported", error);
    }
  }

  async #arm(state: MissionState): Promise<void> {
    const needs = { dueMs: nextDueMs(state), ...this.#outbox.needs(state) };
    await this.#alarm.armAt(nextAlarmMs(needs, Date.now()));
  }

  async #armIn(afterMs: number): Promise<void> {
    await this.#alarm.armAt(Date.now() + afterMs);
  }

  /** After the turn's answer. A failure is told and passed: the next command, read or sweep arms again. */
  async #tried(what: string, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#warn(`${what}_failed`, error);
    }
  }

  /** What a command of the mission's own carries besides its members. */
  #ownCommand() {
    const { API_ORIGIN: issuer, GATEWAY_ID: audience } = this.env;
    return {
      at: Date.now(),
      actor: { kind: "system" as const, id: "sekisho" },
      entropy: createEntropy(),
      terms: { issuer, audience, ttlMs: LIMITS.ticketTtlMs },
    };
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
