/**
 * What the gateway's ledger decides about one ticket: who may act on it, and what is said to everyone
 * else. Pure; durable-objects/ledger moves the rows. Refuses to lose an outcome and to guess one: a
 * dispatch that left no outcome is `unknown`. Specification: docs/tickets.md, docs/decisions/0005.
 */
import type { ReasonCode } from "../gates/index.ts";
import { invariant } from "../invariant.ts";
import { LIMITS } from "../limits.ts";
import { unixMsToIso, type UnixMs } from "../time.ts";
import type { Receipt } from "./receipt.ts";
import { isTicketExpired } from "./verify.ts";

/** From claim to dispatch lies one call to the mission; a delivery silent for longer is taken for dead. */
export const CLAIM_HOLD_MS = 10_000;
/** Beyond the action's own timeout: reading the answer's end and writing the outcome. */
export const DISPATCH_GRACE_MS = 5_000;

export type TicketState = "claimed" | "dispatched" | "settled" | "unknown" | "refused";

/** One ticket the gateway has seen. `epoch` counts how often it was handed out; only the latest may dispatch. */
export interface LedgerRow {
  readonly jti: string;
  readonly state: TicketState;
  /** Queue message that holds, or held, the claim. */
  readonly messageId: string;
  readonly epoch: number;
  /** The epoch that was last allowed to call out; 0 before the first. */
  readonly dispatchedEpoch: number;
  readonly expMs: UnixMs;
  readonly claimedAtMs: UnixMs;
  readonly dispatchedAtMs: UnixMs | null;
  /** Until then the holder is believed to be at work. */
  readonly deadlineMs: UnixMs;
  readonly requestDigest: string | null;
  /** The outcome; in state `dispatched` the last, still provisional one of an idempotent action. */
  readonly receipt: Receipt | null;
  readonly refusal: ReasonCode | null;
  /** Whether the mission has heard of the outcome or the refusal. */
  readonly reported: boolean;
}

export interface ClaimRequest {
  readonly jti: string;
  readonly missionId: string;
  readonly messageId: string;
  readonly fence: Readonly<Record<string, number>>;
  /** Whose count the fencing numbers belong to; `mission` in tickets older than arbiters. */
  readonly fenceScope: "team" | "mission";
  readonly expMs: UnixMs;
  readonly nowMs: UnixMs;
  readonly idempotent: boolean;
}

export type ClaimResult =
  /** The caller, and nobody else, may confirm and dispatch under this epoch. */
  | { readonly outcome: "claimed"; readonly epoch: number }
  /** As `claimed`, but an earlier dispatch may have acted: same idempotency key, never a refusal after this. */
  | { readonly outcome: "redispatch"; readonly epoch: number }
  | { readonly outcome: "in_flight"; readonly retryAfterMs: number }
  /** An outcome the mission may not have heard: report it (again), act on nothing. */
  | { readonly outcome: "settled"; readonly receipt: Receipt }
  /** Settled just now as unknown, because the dispatch left no outcome and may not be repeated. */
  | { readonly outcome: "doubtful"; readonly receipt: Receipt }
  | { readonly outcome: "refused"; readonly code: ReasonCode };

export interface DispatchRequest {
  readonly jti: string;
  readonly epoch: number;
  readonly nowMs: UnixMs;
  readonly timeoutMs: number;
  readonly requestDigest: string;
}

export type DispatchResult =
  | { readonly go: true }
  | { readonly go: false; readonly why: "superseded" | "expired" };

export type RefuseResult =
  | { readonly outcome: "refused" }
  | { readonly outcome: "doubtful"; readonly receipt: Receipt }
  | { readonly outcome: "superseded" };

/**
 * One team's ledger, as the gateway calls it. Every method is durable when it returns and decides in
 * one transaction; all may be called twice. Found by the team of verified claims.
 */
export interface LedgerRpc {
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /** Immediately before the outward call; without `go: true` there is no call. */
  dispatching(request: DispatchRequest): Promise<DispatchResult>;
  /** Answers the outcome that stands: the first one recorded. null: a later epoch is at work, ask again. */
  settle(request: {
    jti: string;
    epoch: number;
    receipt: Receipt;
  }): Promise<{ receipt: Receipt | null }>;
  /** Gives the ticket back for another delivery; `receipt` is a provisional unknown outcome. */
  release(request: {
    jti: string;
    epoch: number;
    nowMs: UnixMs;
    receipt: Receipt | null;
  }): Promise<void>;
  /** The mission did not confirm: nothing may happen under this ticket any more. */
  refuse(request: {
    jti: string;
    epoch: number;
    nowMs: UnixMs;
    code: ReasonCode;
  }): Promise<RefuseResult>;
  /** The mission has the outcome or the refusal durably. */
  reported(jti: string): Promise<void>;
}

/** What to answer and what to write first. `row` null: nothing changes. */
export interface Decision<R> {
  readonly result: R;
  readonly row: LedgerRow | null;
}

/** The highest fencing numbers that acted, by slice: those that arbiters gave, and those of one mission's own count. */
export interface SeenFences {
  readonly team: ReadonlyMap<string, number>;
  readonly mission: ReadonlyMap<string, number>;
}

/**
 * What a request's numbers are compared with. The two counts cannot be: once a number of the team's has been
 * seen for a slice, whoever still counts for itself is a stale holder, whatever its number.
 */
export function highestFences(
  { fence, fenceScope }: Pick<ClaimRequest, "fence" | "fenceScope">,
  { team, mission }: SeenFences,
): ReadonlyMap<string, number> {
  if (fenceScope === "team") return team;
  const highest = Object.keys(fence).map((slice) => {
    const number = team.has(slice) ? Number.POSITIVE_INFINITY : (mission.get(slice) ?? 0);
    return [slice, number] as const;
  });
  return new Map(highest);
}

/** Decides a presentation. `highest` is what its fencing numbers are compared with, by slice (`highestFences`). */
export function decideClaim(
  row: LedgerRow | null,
  highest: ReadonlyMap<string, number>,
  request: ClaimRequest,
): Decision<ClaimResult> {
  if (row === null) return decideFirstClaim(highest, request);
  switch (row.state) {
    case "settled":
    case "unknown": {
      invariant(row.receipt !== null, "a settled ticket has a receipt");
      return isReplay(row, request)
        ? keep(refused("NONCE_USED"))
        : keep({ outcome: "settled", receipt: row.receipt });
    }
    case "refused": {
      invariant(row.refusal !== null, "a refused ticket has a reason");
      return keep(refused(isReplay(row, request) ? "NONCE_USED" : row.refusal));
    }
    case "claimed":
    case "dispatched":
      return decideTakeover(row, highest, request);
  }
}

function decideFirstClaim(
  highest: ReadonlyMap<string, number>,
  request: ClaimRequest,
): Decision<ClaimResult> {
  const row: LedgerRow = {
    jti: request.jti,
    state: "claimed",
    messageId: request.messageId,
    epoch: 1,
    dispatchedEpoch: 0,
    expMs: request.expMs,
    claimedAtMs: request.nowMs,
    dispatchedAtMs: null,
    deadlineMs: request.nowMs + CLAIM_HOLD_MS,
    requestDigest: null,
    receipt: null,
    refusal: null,
    reported: false,
  };
  const objection = objectToRunning(highest, request);
  // A refused nonce is burned: no later clock, and no forgotten fence, may bring it back.
  return objection === null
    ? { result: { outcome: "claimed", epoch: 1 }, row }
    : { result: refused(objection), row: { ...row, state: "refused", refusal: objection } };
}

/** A delivery went silent, or is still at it. */
function decideTakeover(
  row: LedgerRow,
  highest: ReadonlyMap<string, number>,
  request: ClaimRequest,
): Decision<ClaimResult> {
  if (request.nowMs < row.deadlineMs) {
    return keep({ outcome: "in_flight", retryAfterMs: row.deadlineMs - request.nowMs });
  }
  const { messageId, nowMs } = request;
  const objection = objectToRunning(highest, request);
  const taken: LedgerRow = {
    ...row,
    messageId,
    epoch: row.epoch + 1,
    deadlineMs: nowMs + CLAIM_HOLD_MS,
  };
  if (row.state === "claimed") {
    return objection === null
      ? { result: { outcome: "claimed", epoch: taken.epoch }, row: taken }
      : {
          result: refused(objection),
          row: { ...row, messageId, state: "refused", refusal: objection },
        };
  }
  return objection === null && request.idempotent
    ? { result: { outcome: "redispatch", epoch: taken.epoch }, row: taken }
    : settleAsDoubtful({ ...row, messageId }, nowMs);
}

/** Decides whether the outward call may be made now. */
export function decideDispatch(
  row: LedgerRow | null,
  request: DispatchRequest,
): Decision<DispatchResult> {
  invariant(row !== null, "only a claimed ticket is dispatched");
  const isHolder =
    (row.state === "claimed" || row.state === "dispatched") &&
    row.epoch === request.epoch &&
    row.dispatchedEpoch < request.epoch;
  // A holder that slept through its hold may have been taken for dead: the next delivery decides.
  if (!isHolder || request.nowMs >= row.deadlineMs) return keep({ go: false, why: "superseded" });
  if (isTicketExpired(row.expMs, request.nowMs)) {
    // The next presentation finds a free and expired ticket and settles what that means.
    return { result: { go: false, why: "expired" }, row: { ...row, deadlineMs: request.nowMs } };
  }
  return {
    result: { go: true },
    row: {
      ...row,
      state: "dispatched",
      dispatchedEpoch: request.epoch,
      dispatchedAtMs: request.nowMs,
      deadlineMs: request.nowMs + request.timeoutMs + DISPATCH_GRACE_MS,
      requestDigest: request.requestDigest,
      // An earlier dispatch that left no outcome stays in doubt, whatever this one is told.
      receipt: row.receipt ?? (row.state === "dispatched" ? doubtOf(row, request.nowMs) : null),
    },
  };
}

/** Decides which outcome stands. */
export function decideSettle(
  row: LedgerRow | null,
  request: { readonly epoch: number; readonly receipt: Receipt },
): Decision<{ receipt: Receipt | null }> {
  invariant(row !== null && row.dispatchedEpoch > 0, "only a dispatched ticket is settled");
  // The first recorded outcome stands, even a doubtful one: the mission may already have heard it.
  if (row.state !== "dispatched") return keep({ receipt: row.receipt });
  const receipt = withEarlierDoubt(row, request.receipt);
  // A definite answer counts whoever got it; doubt counts only from the delivery now at work.
  if (receipt.outcome === "unknown" && request.epoch !== row.epoch) return keep({ receipt: null });
  const state = receipt.outcome === "unknown" ? "unknown" : "settled";
  return { result: { receipt }, row: { ...row, state, receipt } };
}

/**
 * A refusal says nothing about the call before it: that one may have acted, and "conflict" or "gone" is
 * what its repetition is told. Only a success settles what an earlier call left open.
 */
function withEarlierDoubt(row: LedgerRow, receipt: Receipt): Receipt {
  if (receipt.outcome !== "failed" || row.receipt === null) return receipt;
  const detail = `${receipt.detail}, after an earlier call without outcome`;
  return { ...receipt, outcome: "unknown", detail: detail.slice(0, LIMITS.detailCharsMax) };
}

/** Decides a give-back; one from an earlier epoch changes nothing. */
export function decideRelease(
  row: LedgerRow | null,
  request: { readonly epoch: number; readonly nowMs: UnixMs; readonly receipt: Receipt | null },
): Decision<null> {
  invariant(row !== null, "only a claimed ticket is released");
  const isHeld = row.state === "claimed" || row.state === "dispatched";
  if (!isHeld || row.epoch !== request.epoch) return keep(null);
  return {
    result: null,
    row: { ...row, deadlineMs: request.nowMs, receipt: request.receipt ?? row.receipt },
  };
}

/** Decides what the mission's refusal means: a denial before any dispatch, a doubtful outcome after one. */
export function decideRefuse(
  row: LedgerRow | null,
  request: { readonly epoch: number; readonly nowMs: UnixMs; readonly code: ReasonCode },
): Decision<RefuseResult> {
  invariant(row !== null, "only a claimed ticket is refused by its mission");
  const isHeld = row.state === "claimed" || row.state === "dispatched";
  if (!isHeld || row.epoch !== request.epoch) return keep({ outcome: "superseded" });
  return row.state === "claimed"
    ? { result: { outcome: "refused" }, row: { ...row, state: "refused", refusal: request.code } }
    : settleAsDoubtful(row, request.nowMs);
}

/** Decides nothing but what is already true: the mission has heard. */
export function decideReported(row: LedgerRow | null): Decision<null> {
  invariant(
    row !== null && (row.receipt !== null || row.refusal !== null),
    "only an outcome or a refusal is reported",
  );
  return row.reported ? keep(null) : { result: null, row: { ...row, reported: true } };
}

/** The mission was told and hears of it under another message: somebody presents the ticket again. */
function isReplay(row: LedgerRow, request: ClaimRequest): boolean {
  return row.reported && row.messageId !== request.messageId;
}

function objectToRunning(
  highest: ReadonlyMap<string, number>,
  request: ClaimRequest,
): "TICKET_EXPIRED" | "FENCE_STALE" | null {
  if (isTicketExpired(request.expMs, request.nowMs)) return "TICKET_EXPIRED";
  const isStale = Object.entries(request.fence).some(
    ([slice, number]) => number < (highest.get(slice) ?? 0),
  );
  return isStale ? "FENCE_STALE" : null;
}

function settleAsDoubtful(
  row: LedgerRow,
  nowMs: UnixMs,
): Decision<{ readonly outcome: "doubtful"; readonly receipt: Receipt }> {
  const receipt = row.receipt ?? doubtOf(row, nowMs);
  return { result: { outcome: "doubtful", receipt }, row: { ...row, state: "unknown", receipt } };
}

function doubtOf(row: LedgerRow, nowMs: UnixMs): Receipt {
  invariant(
    row.requestDigest !== null && row.dispatchedAtMs !== null,
    "a dispatched ticket says what was sent and when",
  );
  return {
    jti: row.jti,
    outcome: "unknown",
    status: null,
    requestDigest: row.requestDigest,
    responseDigest: null,
    detail: "the call was made and no outcome was recorded; it may or may not have acted",
    startedAt: unixMsToIso(row.dispatchedAtMs),
    finishedAt: unixMsToIso(nowMs),
  };
}

function refused(code: ReasonCode): ClaimResult {
  return { outcome: "refused", code };
}

function keep<R>(result: R): Decision<R> {
  return { result, row: null };
}
