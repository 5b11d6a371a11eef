/**
 * The gateway's memory of one team's tickets: nonces, fencing numbers, outcomes. Loads, asks
 * shared/ticket, writes, all in one synchronous transaction, so that of fifty presentations one wins.
 * Refuses to decide anything itself. Specification: docs/tickets.md.
 */
import { DurableObject } from "cloudflare:workers";
import {
  decideClaim,
  decideDispatch,
  decideRefuse,
  decideRelease,
  decideReported,
  decideSettle,
  highestFences,
  type ClaimRequest,
  type ClaimResult,
  type Decision,
  type DispatchRequest,
  type DispatchResult,
  type LedgerRow,
  type LedgerRpc,
  type Receipt,
  type RefuseResult,
} from "../../shared/ticket/index.ts";
import { createLedgerStore, type LedgerStore } from "./store.ts";

/** Found by the name of the team, taken from verified claims. Implements `LedgerRpc`. */
export class TicketLedger extends DurableObject<unknown> implements Synchronous<LedgerRpc> {
  readonly #store: LedgerStore;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#store = createLedgerStore(ctx.storage.sql);
  }

  claim(request: ClaimRequest): ClaimResult {
    return this.#decide(request.jti, (row) => {
      const highest = highestFences(request, this.#store.readFences(request));
      const decision = decideClaim(row, highest, request);
      // Nonce and fences together: a crash cannot leave a claim whose older rivals still pass.
      if (decision.result.outcome === "claimed") this.#store.raiseFences(request);
      return decision;
    });
  }

  dispatching(request: DispatchRequest): DispatchResult {
    return this.#decide(request.jti, (row) => decideDispatch(row, request));
  }

  settle(request: Parameters<LedgerRpc["settle"]>[0]): { receipt: Receipt | null } {
    return this.#decide(request.jti, (row) => decideSettle(row, request));
  }

  release(request: Parameters<LedgerRpc["release"]>[0]): void {
    this.#decide(request.jti, (row) => decideRelease(row, request));
  }

  refuse(request: Parameters<LedgerRpc["refuse"]>[0]): RefuseResult {
    return this.#decide(request.jti, (row) => decideRefuse(row, request));
  }

  reported(jti: string): void {
    this.#decide(jti, decideReported);
  }

  #decide<R>(jti: string, decide: (row: LedgerRow | null) => Decision<R>): R {
    return this.ctx.storage.transactionSync(() => {
      const { result, row } = decide(this.#store.read(jti));
      if (row !== null) this.#store.write(row);
      return result;
    });
  }
}

/** The same methods without the wait that a call across workers adds. */
type Synchronous<Rpc> = {
  [Name in keyof Rpc]: Rpc[Name] extends (...args: infer Args) => Promise<infer Value>
    ? (...args: Args) => Value
    : never;
};
