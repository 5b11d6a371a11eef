/**
 * The arbiter of one artifact of a team: a shell that loads, asks shared/lease, and writes, all in one
 * synchronous transaction, so that of any number of missions one gets a slice. Who holds a slice is the mission's
 * to say; this object only knows whom it was given to. Specification: docs/leases.md, docs/decisions/0020.
 */
import { DurableObject } from "cloudflare:workers";
import {
  type AcquireAnswer,
  type AcquireRequest,
  decideAcquire,
  decideRelease,
  nextLookMs,
  suspectsOf,
} from "../../shared/lease/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { MissionRpc, SliceRpc } from "../../shared/wire/rpc.ts";
import { serve, type ServeDeps, takeBack } from "./serve.ts";
import { createSliceStore, type SliceStore } from "./store.ts";

/** The bindings of the API worker that an arbiter uses. */
interface SliceEnv {
  readonly MISSION: DurableObjectNamespace;
}

/** Found by the name `<team>/<artifact>`, so another team's slice of the same name is another object's. */
export class SliceArbiter extends DurableObject<SliceEnv> implements SliceRpc {
  readonly #store: SliceStore;
  readonly #deps: ServeDeps;
  /** Where the last alarm stopped; forgetting it starts again from the first slice. */
  #lookedUpTo = "";

  constructor(ctx: DurableObjectState, env: SliceEnv) {
    super(ctx, env);
    this.#store = createSliceStore(ctx.storage.sql);
    const team = (ctx.id.name ?? "").split("/")[0] ?? "";
    // A fresh stub each time: one whose call failed stays broken.
    const mission = (missionId: string) =>
      env.MISSION.getByName(`${team}/${missionId}`) as unknown as MissionRpc;
    this.#deps = {
      store: this.#store,
      transaction: (work) => ctx.storage.transactionSync(work),
      holdsSlice: (missionId, slice) => mission(missionId).holdsSlice(team, slice),
      leaseFreed: (missionId, slice) => mission(missionId).leaseFreed(team, [slice]),
      nowMs: () => Date.now(),
      warn: (what, error) => this.#warn(what, error),
    };
  }

  async acquire(request: AcquireRequest): Promise<AcquireAnswer> {
    const suspects = suspectsOf(request, this.#booksOf(request), Date.now());
    // Nothing is written before this wait, and everything is looked at anew after it.
    for (const row of suspects) await takeBack(this.#deps, row);
    const answer = this.#acquire(request);
    if (answer.outcome === "held") {
      await this.#arm();
      // What was taken back, but from under somebody who waits longer.
      for (const { slice } of suspects) this.ctx.waitUntil(serve(this.#deps, slice));
    }
    return answer;
  }

  async release(
    missionId: string,
    grants: readonly { readonly slice: string; readonly fence: number }[],
  ): Promise<void> {
    const freed = this.ctx.storage.transactionSync(() =>
      grants.filter(({ slice, fence }) => {
        const row = decideRelease(this.#store.read(slice), { missionId, fence });
        if (row) this.#store.write(row);
        return row !== null;
      }),
    );
    for (const { slice } of freed) this.ctx.waitUntil(serve(this.#deps, slice));
  }

  override async alarm(): Promise<void> {
    try {
      const slices = this.#store.waitedFor(this.#lookedUpTo, LIMITS.leaseLookSlicesMax);
      this.#lookedUpTo = slices.length < LIMITS.leaseLookSlicesMax ? "" : (slices.at(-1) ?? "");
      for (const slice of slices) {
        const row = this.#store.read(slice);
        if (row) await takeBack(this.#deps, row);
        await serve(this.#deps, slice);
      }
    } catch (error) {
      // Caught and armed again, because the platform drops an alarm that failed six times.
      this.#warn("alarm_failed", error);
    }
    await this.#arm();
  }

  #acquire(request: AcquireRequest): AcquireAnswer {
    const { missionId, nodeId } = request;
    return this.ctx.storage.transactionSync(() => {
      const decision = decideAcquire(request, this.#booksOf(request), Date.now());
      for (const row of decision.rows) this.#store.write(row);
      for (const slice of decision.servedAt) this.#store.leave({ slice, missionId });
      for (const slice of decision.waitsAt) this.#store.wait({ slice, missionId, nodeId });
      return decision.answer;
    });
  }

  #booksOf({ slices }: AcquireRequest) {
    return new Map(slices.map(({ slice }) => [slice, this.#store.book(slice)] as const));
  }

  /** While somebody waits there is an alarm; one that is set stays, so that a busy queue cannot push it away. */
  async #arm(): Promise<void> {
    const nextMs = nextLookMs(this.#store.hasWaiters(), Date.now());
    if (nextMs !== null && (await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(nextMs);
  }

  #warn(what: string, error: unknown): void {
    // eslint-disable-next-line no-console -- the only log line of this object; structured like worker/log.ts
    console.warn(
      JSON.stringify({ level: "warn", what, arbiter: this.ctx.id.name, error: String(error) }),
    );
  }
}
