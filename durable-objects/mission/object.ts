/**
 * One mission: a shell that loads, decides, appends and sends. It holds no rule of the domain; what
 * a command means is `decide`'s, what an event does is `evolve`'s (shared/mission).
 *
 * The commit order, and what a crash right after each step leaves behind, is in ARCHITECTURE.md;
 * the numbers in the comments below are its steps.
 */
import { DurableObject } from "cloudflare:workers";
import { createEntropy } from "../entropy.ts";
import type { PrivateJwk } from "../../shared/crypto.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  answerOf,
  type Command,
  confirmTicket,
  decide,
  evolve,
  explainGate,
  type MissionState,
  nextDueMs,
  recordEvents,
  type Rejection,
  stateToSnapshot,
  viewMission,
  viewReady,
  type Wondering,
} from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { signTicket, type TicketClaims } from "../../shared/ticket/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { EMPTY_HEAD, type Head, type TraceEvent } from "../../shared/trace/index.ts";
import type {
  BreachMessage,
  IndexMessage,
  TicketMessage,
  WebhookEventMessage,
} from "../../shared/wire/message.ts";
import type { Executed, ExecuteRequest, MissionRpc, SinkName } from "../../shared/wire/rpc.ts";
import { isEarlier, nextAlarmMs } from "./alarm.ts";
import { createJournal, type Journal } from "./journal.ts";
import { type Loaded, loadMission } from "./load.ts";
import { createOutbox, type Outbox } from "./outbox.ts";

/** The bindings of the API worker that a mission uses. */
export interface MissionEnv {
  readonly TICKETS: Queue<TicketMessage>;
  readonly INDEX: Queue<IndexMessage | BreachMessage>;
  readonly WEBHOOKS: Queue<WebhookEventMessage>;
  readonly TICKET_SIGNING_KEYS: string;
  readonly API_ORIGIN: string;
  readonly GATEWAY_ID: string;
}

/** How long after a failed alarm the next one comes; the platform's own retries end after six. */
const ALARM_RETRY_MS = 30_000;

export class MissionObject extends DurableObject<MissionEnv> implements MissionRpc {
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  #loaded: Loaded | null = null;
  /** When the alarm is set for; undefined until this object has set or seen it. */
  #armedMs: number | null | undefined = undefined;

  constructor(ctx: DurableObjectState, env: MissionEnv) {
    super(ctx, env);
    this.#journal = createJournal(ctx.storage.sql);
    this.#outbox = createOutbox({
      sendTicket: (message) => discard(env.TICKETS.send(message)),
      sendIndex: (message) => discard(env.INDEX.send(message)),
      sendWebhooks: (messages) =>
        discard(env.WEBHOOKS.sendBatch(messages.map((body) => ({ body })))),
      readEvents: (after, limit) => this.#journal.read(after, limit),
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

  async readTrace(team: string, after: number, limit: number): ReturnType<MissionRpc["readTrace"]> {
    // Served from the rows as they are: a broken trace must stay readable to be examined.
    if (this.#load().kind === "unknown" || !this.#isOwn(team))
      return err({ reason: "mission_unknown" });
    const events = this.#journal.read(after, Math.min(limit, LIMITS.tracePageMax));
    const last = this.#journal.read(this.#journal.lastSeq() - 1, 1).at(-1);
    return ok({ events, head: last ? { seq: last.seq, hash: last.hash } : EMPTY_HEAD });
  }

  async confirmTicket(claims: TicketClaims): ReturnType<MissionRpc["confirmTicket"]> {
    const loaded = this.#load();
    return confirmTicket(loaded.kind === "live" ? loaded.state : null, claims, Date.now());
  }

  async acknowledge(sink: SinkName, seq: number): Promise<void> {
    if (sink === "tickets" || this.#load().kind !== "live") return;
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
      this.#armedMs = Date.now() + ALARM_RETRY_MS;
      await this.ctx.storage.setAlarm(this.#armedMs);
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
    const key = signingKey(this.env.TICKET_SIGNING_KEYS);
    // Step 3: events, tickets and the idempotent answer become durable together. A crash before the
    // commit leaves nothing; after it, a lost reply is answered again from this row.
    const events = this.ctx.storage.transactionSync(() => {
      const recorded = recordEvents(head, missionId, drafts, (claims) => signTicket(claims, key));
      this.#journal.append(recorded, idempotency);
      return recorded;
    });
    // Step 4: the same fold that loading runs. If it throws, memory is dropped and the journal decides.
    const state = this.#evolve(events, command);
    // Step 5: a crash from here on costs a second delivery at worst; the alarm sends what is owed.
    this.ctx.waitUntil(this.#arm(state).then(() => this.#outbox.flush(state, events)));
    return events;
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

  #snapshot(state: MissionState, snapshotSeq: number): number {
    const isDue =
      state.head.seq >= LIMITS.fullVerifyEventsMax &&
      state.head.seq - snapshotSeq >= LIMITS.snapshotEveryEvents;
    if (!isDue) return snapshotSeq;
    this.ctx.storage.transactionSync(() =>
      this.#journal.saveSnapshot(state.head, stateToSnapshot(state)),
    );
    return state.head.seq;
  }

  /** Loads on first use. After a commit, `#evolve` has put the new state here. */
  #load(): Loaded {
    if (this.#loaded) return this.#loaded;
    const loaded = loadMission(this.#journal);
    this.#loaded = loaded;
    if (loaded.kind === "broken")
      this.ctx.waitUntil(this.#reportBreach(loaded.broken.seq, loaded.broken.detail));
    return loaded;
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

  async #arm(state: MissionState): Promise<void> {
    const now = Date.now();
    const next = nextAlarmMs({ dueMs: nextDueMs(state), ...this.#outbox.needs(state) }, now);
    if (!isEarlier(next, this.#armedMs)) return;
    this.#armedMs = next;
    await this.ctx.storage.setAlarm(next);
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

function stateFor(loaded: Loaded, team: string): MissionState | null {
  const state = loaded.kind === "unknown" ? null : loaded.state;
  return state?.team === team ? state : null;
}

function headTag(head: Head): string {
  return `${head.seq}-${head.hash}`;
}

function headAfter(events: readonly TraceEvent[]): Head {
  const last = events.at(-1);
  return last ? { seq: last.seq, hash: last.hash } : EMPTY_HEAD;
}

async function discard(promise: Promise<unknown>): Promise<void> {
  await promise;
}

let parsedKey: { readonly text: string; readonly key: PrivateJwk } | null = null;

/** The active ticket key: the first of the set. Throws on anything else, so that nothing is committed. */
function signingKey(text: string): PrivateJwk {
  if (parsedKey?.text === text) return parsedKey.key;
  const { keys } = JSON.parse(text) as { keys: readonly PrivateJwk[] };
  const key = keys[0];
  if (!key || key.kty !== "OKP" || key.crv !== "Ed25519" || !key.d || !key.kid)
    throw new Error("TICKET_SIGNING_KEYS holds no usable key");
  parsedKey = { text, key };
  return key;
}
