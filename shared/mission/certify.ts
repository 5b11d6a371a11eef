/**
 * Certification: a whole mission decided again from its recorded inputs. Every command is read back
 * from the trace, given to `decide` on the state at its seq, and what follows is compared with what was
 * recorded; the first event that differs is named. Proves that a trace follows from its inputs, not who
 * sent them: for that there are signatures and checkpoints.
 * Specification: docs/replay.md.
 */
import { canonicalJson } from "../canonical.ts";
import type { PublicJwk } from "../crypto.ts";
import { TICKET_ID } from "../ids.ts";
import { Breach } from "../invariant.ts";
import { LIMITS } from "../limits.ts";
import { parseJws, verifyJws } from "../jws.ts";
import { TICKET_JWS_TYPE, type TicketClaims } from "../ticket/index.ts";
import { type EventDraft, type Head, type TraceEvent, verifyTrace } from "../trace/index.ts";
import { type KeysById, pinDifference, type Pins } from "./certify-pins.ts";
import type { Command, TicketTerms } from "./command.ts";
import { decide } from "./decide/index.ts";
import { differenceOf, type Difference, looseDifferenceOf } from "./difference.ts";
import { dataOf, RULES_VERSION } from "./event.ts";
import { evolve } from "./evolve.ts";
import { clockAt, isInput, isSameLeaseFreed, readBack, withLeases } from "./recorded-command.ts";
import type { MissionState } from "./state.ts";
import { stateHash } from "./view.ts";

export type Certification =
  | {
      readonly certified: true;
      readonly events: number;
      /** Gates asked again, with the answer that was recorded. */
      readonly gates: number;
      /** Refusals whose proposal was not kept; they moved nothing. */
      readonly unjudged: number;
      /** Whether events had to agree byte for byte, or the trace is older than these rules. */
      readonly exact: boolean;
      readonly head: Head;
      readonly stateHash: string;
      /** Whether keys were held against the people and verifiers known to have them. */
      readonly approverKeys: KeyStanding;
      readonly verifierKeys: KeyStanding;
    }
  | ({ readonly certified: false } & Difference);

/** `as recorded`: whose a key is, the trace alone says. */
export type KeyStanding = "pinned" | "as recorded";

export interface CertifyOptions extends Pins {
  /** Keys that sign tickets, by kid; without them a ticket's claims are compared and its signature is not. */
  readonly ticketKeys?: ReadonlyMap<string, PublicJwk>;
  /** The oldest generation of rules that is certified; a trace that names none is of the first. */
  readonly rulesMin?: number;
}

/** Takes a verified trace in stretches of any length; holds the state and the events of one moment. */
export interface Certifier {
  /** The next events, in order. Does nothing once something differed. */
  push(events: readonly TraceEvent[]): void;
  /** After the last event. An empty trace certifies nothing: the first event is missing. */
  finish(): Certification;
}

/** Certifies a whole trace, its chain included. O(events). */
export function certifyReplay(
  events: readonly unknown[],
  options: CertifyOptions = {},
): Certification {
  const verified = verifyTrace(events);
  if (!verified.ok) {
    const { seq, reason, detail } = verified.error;
    return { certified: false, seq, member: "hash", recorded: reason, recomputed: detail };
  }
  const certifier = createCertifier(options);
  certifier.push(events as readonly TraceEvent[]);
  return certifier.finish();
}

const NO_TERMS: TicketTerms = { issuer: "", audience: "", ttlMs: 0 };

interface Work {
  readonly options: CertifyOptions;
  state: MissionState | null;
  terms: TicketTerms;
  isExact: boolean;
  gates: number;
  unjudged: number;
  head: Head | null;
}

/** Starts a certification. The chain of what is pushed must have been verified. */
export function createCertifier(options: CertifyOptions = {}): Certifier {
  const work: Work = {
    options,
    state: null,
    terms: NO_TERMS,
    isExact: true,
    gates: 0,
    unjudged: 0,
    head: null,
  };
  // A turn has one time, so a stretch of one time is a number of whole turns.
  let moment: TraceEvent[] = [];
  let found: Difference | null = null;
  const settle = () => {
    if (!found && moment.length > 0) found = certifyMoment(work, moment);
    moment = [];
  };
  return {
    push(events) {
      for (const event of events) {
        if (found) return;
        if (moment.length > 0 && moment[0]?.at !== event.at) settle();
        moment.push(event);
      }
    },
    finish() {
      settle();
      const { state, head, gates, unjudged, isExact } = work;
      if (found) return { certified: false, ...found };
      if (!state || !head)
        return {
          certified: false,
          seq: 0,
          member: "type",
          recorded: null,
          recomputed: "mission.opened",
        };
      const events = head.seq + 1;
      return {
        certified: true,
        events,
        gates,
        unjudged,
        exact: isExact,
        head,
        stateHash: stateHash(state),
        approverKeys: standingOf(options.approverKeys),
        verifierKeys: standingOf(options.verifierKeys),
      };
    },
  };
}

function standingOf(keys: KeysById | undefined): KeyStanding {
  return keys === undefined ? "as recorded" : "pinned";
}

function certifyMoment(work: Work, moment: readonly TraceEvent[]): Difference | null {
  let at = 0;
  while (at < moment.length) {
    const step = safely(moment, at, () => certifyTurn(work, moment, at));
    if (typeof step !== "number") return step;
    at = step;
  }
  return null;
}

/** Anybody can hash a list of nonsense; data without its shape is a difference like any other. */
function safely(
  moment: readonly TraceEvent[],
  at: number,
  certify: () => number | Difference,
): number | Difference {
  try {
    return certify();
  } catch (cause) {
    const [event] = moment.slice(at, at + 1);
    const why = cause instanceof Breach ? cause.message : "data of the type's shape";
    return { seq: event?.seq ?? 0, member: "data", recorded: event?.type ?? null, recomputed: why };
  }
}

/** One turn from `at` on: answers where the next one begins, or what differs. */
function certifyTurn(work: Work, moment: readonly TraceEvent[], at: number): number | Difference {
  const first = moment[at];
  if (!first) return moment.length;
  if (work.state === null) {
    const unknown = startRules(work, first);
    if (unknown) return unknown;
  }
  const inputAt = findInput(moment, at);
  const input = moment[inputAt];
  work.terms = termsFrom(moment, at) ?? work.terms;
  const attempts: Difference[] = [];
  if (input) {
    const read = readBack(input, { state: work.state, terms: work.terms });
    if (read === "not_kept" && inputAt === at) return skip(work, input, at);
    if (read !== "not_kept" && "flaw" in read) attempts.push(flawed(input, read.flaw));
    else if (read !== "not_kept") {
      for (const end of turnEnds(moment, inputAt)) {
        const command = withLeases(read.command, moment.slice(at, end));
        const attempt = attemptTurn(work, moment, at, command);
        if (typeof attempt === "number") return accept(work, moment, at, attempt);
        attempts.push(attempt);
      }
    }
  }
  if (inputAt !== at && work.state !== null) {
    // Before an input there may have been a turn of the clock alone.
    const until = input ? inputAt : moment.length;
    const clock = withLeases(clockAt(first, work.terms), moment.slice(at, until));
    const attempt = attemptTurn(work, moment, at, clock);
    if (typeof attempt === "number") return accept(work, moment, at, attempt);
    attempts.push(attempt);
  }
  const [furthest] = attempts.sort((a, b) => b.seq - a.seq);
  return furthest ?? { seq: first.seq, member: "type", recorded: first.type, recomputed: null };
}

function startRules(work: Work, opening: TraceEvent): Difference | null {
  const { rules } = opening.data as { rules?: unknown };
  work.isExact = rules === RULES_VERSION;
  const { rulesMin = 0 } = work.options;
  if ((typeof rules === "number" ? rules : 1) < rulesMin) {
    const recomputed = `${rulesMin} or later`;
    return { seq: opening.seq, member: "data.rules", recorded: shown(rules), recomputed };
  }
  if (rules === undefined || work.isExact) return null;
  if (typeof rules === "number" && rules >= 2 && rules < RULES_VERSION) return null;
  const recomputed = String(RULES_VERSION);
  return { seq: opening.seq, member: "data.rules", recorded: canonicalJson(rules), recomputed };
}

function findInput(moment: readonly TraceEvent[], from: number): number {
  for (let at = from; at < moment.length; at += 1) {
    const event = moment[at];
    if (event && isInput(event)) return at;
  }
  return -1;
}

/**
 * Where the turn of an input may end, the furthest first. Nodes that go on by LeaseFreed for the same slices may be
 * of one turn or of several; what the arbiters said in a later one must not be heard in the earlier, which may have
 * asked in vain.
 */
function turnEnds(moment: readonly TraceEvent[], inputAt: number): readonly number[] {
  const input = moment[inputAt];
  const ends: number[] = [];
  for (let from = inputAt + 1; ends.length < LIMITS.leaseAskAgainMax; from += 1) {
    from = findInput(moment, from);
    const isLast = from === -1 || !input || !isSameLeaseFreed(input, moment[from]);
    ends.unshift(from === -1 ? moment.length : from);
    if (isLast) break;
  }
  return ends;
}

/** Who issued the tickets of this moment, and for how long: configuration, so it is taken as recorded. */
function termsFrom(moment: readonly TraceEvent[], from: number): TicketTerms | null {
  for (let at = from; at < moment.length; at += 1) {
    const event = moment[at];
    if (event?.type !== "ticket.issued") continue;
    const { iss, aud, iat, exp } = dataOf(event, "ticket.issued").claims;
    return { issuer: iss, audience: aud, ttlMs: (exp - iat) * 1000 };
  }
  return null;
}

function flawed(
  event: TraceEvent,
  { member, expected }: { member: string; expected: string },
): Difference {
  const recorded = member
    .split(".")
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], event);
  return { seq: event.seq, member, recorded: shown(recorded), recomputed: expected };
}

function shown(value: unknown): string | null {
  return typeof value === "string" ? value : value === undefined ? null : canonicalJson(value);
}

/** Decides a command again; answers how many events it yields when all of them are recorded next. */
function attemptTurn(
  work: Work,
  moment: readonly TraceEvent[],
  at: number,
  command: Command,
): number | Difference {
  const decided = decide(work.state, command);
  if (!decided.ok) {
    const event = moment[Math.max(at, findInput(moment, at))] ?? moment[at];
    const recomputed = `refused: ${decided.error.reason}`;
    return { seq: event?.seq ?? 0, member: "type", recorded: event?.type ?? null, recomputed };
  }
  const lastSeq = moment.at(-1)?.seq ?? 0;
  for (const [index, draft] of decided.value.entries()) {
    const event = moment[at + index];
    if (!event) return { seq: lastSeq + 1, member: "type", recorded: null, recomputed: draft.type };
    const difference = eventDifference(work, event, draft);
    if (difference) return difference;
  }
  if (decided.value.length > 0) return decided.value.length;
  const event = moment[at];
  return { seq: event?.seq ?? 0, member: "type", recorded: event?.type ?? null, recomputed: null };
}

function eventDifference(work: Work, event: TraceEvent, draft: EventDraft): Difference | null {
  const expected = event.type === "ticket.issued" ? withTicket(event, draft) : draft;
  const difference = work.isExact
    ? differenceOf(event, expected)
    : looseDifferenceOf(event, expected);
  if (difference || event.type !== "ticket.issued") return difference;
  return ticketDifference(work, event);
}

/** Id, place and signature of a ticket are not decided: they come from randomness, the chain and a key. */
function withTicket(event: TraceEvent, draft: EventDraft): EventDraft {
  if (draft.type !== "ticket.issued") return draft;
  const recorded = dataOf(event, "ticket.issued");
  const claims = {
    ...dataOf(draft, "ticket.issued").claims,
    jti: recorded.claims.jti,
    trace_seq: event.seq - 1,
    trace_hash: event.prevHash,
  };
  return { ...draft, data: { claims, ticket: recorded.ticket } as unknown as EventDraft["data"] };
}

function ticketDifference({ state, options }: Work, event: TraceEvent): Difference | null {
  const { claims, ticket } = dataOf(event, "ticket.issued");
  const differs = (member: string, recorded: string, recomputed: string) => ({
    seq: event.seq,
    member,
    recorded,
    recomputed,
  });
  if (!TICKET_ID.test(claims.jti) || state?.tickets.has(claims.jti))
    return differs("data.claims.jti", claims.jti, "an id that no other ticket has");
  const parsed = parseJws(ticket);
  if (!parsed.ok || parsed.value.header.typ !== TICKET_JWS_TYPE)
    return differs("data.ticket", "", "a signed ticket");
  const { payload, header } = parsed.value;
  if (canonicalJson(payload) !== canonicalJson(claims as TicketClaims))
    return differs("data.ticket", canonicalJson(payload), canonicalJson(claims));
  const { ticketKeys } = options;
  if (!ticketKeys) return null;
  const verified = verifyJws(ticket, {
    typ: TICKET_JWS_TYPE,
    algs: ["EdDSA"],
    keyByKid: (kid) => ticketKeys.get(kid),
  });
  return verified.ok ? null : differs("data.ticket", header.kid, verified.error.reason);
}

/** A refusal that kept nothing of what was proposed. It may say no; it may not move anything. */
function skip(work: Work, event: TraceEvent, at: number): number | Difference {
  const { verdict } = event.gateResult ?? {};
  const isHarmless = event.stateBefore === event.stateAfter && verdict === "block";
  if (work.isExact || !isHarmless || event.type !== "proposal.refused")
    return {
      seq: event.seq,
      member: "data.asked",
      recorded: null,
      recomputed: "what was proposed",
    };
  work.unjudged += 1;
  follow(work, event);
  return at + 1;
}

function accept(
  work: Work,
  moment: readonly TraceEvent[],
  at: number,
  count: number,
): number | Difference {
  for (const event of moment.slice(at, at + count)) {
    const difference = pinDifference(event, work.options);
    if (difference) return difference;
    if (event.gateResult) work.gates += 1;
    follow(work, event);
  }
  return at + count;
}

function follow(work: Work, event: TraceEvent): void {
  work.state = evolve(work.state, event);
  work.head = { seq: event.seq, hash: event.hash };
}
