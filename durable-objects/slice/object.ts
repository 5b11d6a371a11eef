/**
 * The arbiter of one artifact of a team as a Durable Object: wires arbiter.ts to rows, alarm and missions. Who
 * holds a slice is the mission's to say; this object only knows whom it was given to.
 * Specification: docs/leases.md, docs/decisions/0020.
 */
import { DurableObject } from "cloudflare:workers";
import type { AcquireAnswer, AcquireRequest, PeekAnswer } from "../../shared/lease/index.ts";
import type { MissionRpc, SliceRpc } from "../../shared/wire/rpc.ts";
import { type Arbiter, createArbiter } from "./arbiter.ts";
import { createSliceStore } from "./store.ts";

/** The bindings of the API worker that an arbiter uses. */
interface SliceEnv {
  readonly MISSION: DurableObjectNamespace;
}

/** Found by the name `<team>/<artifact>`, so another team's slice of the same name is another object's. */
export class SliceArbiter extends DurableObject<SliceEnv> implements SliceRpc {
  readonly #arbiter: Arbiter;

  constructor(ctx: DurableObjectState, env: SliceEnv) {
    super(ctx, env);
    const team = (ctx.id.name ?? "").split("/")[0] ?? "";
    // A fresh stub each time: one whose call failed stays broken.
    const mission = (missionId: string) =>
      env.MISSION.getByName(`${team}/${missionId}`) as unknown as MissionRpc;
    this.#arbiter = createArbiter({
      store: createSliceStore(ctx.storage.sql),
      transaction: (work) => ctx.storage.transactionSync(work),
      holdsSlice: (missionId, slice) => mission(missionId).holdsSlice(team, slice),
      leaseFreed: (missionId, slice) => mission(missionId).leaseFreed(team, [slice]),
      nowMs: () => Date.now(),
      goOn: (work) => ctx.waitUntil(work),
      getAlarm: () => ctx.storage.getAlarm(),
      setAlarm: (atMs) => ctx.storage.setAlarm(atMs),
      warn: (what, error) => this.#warn(what, error),
    });
  }

  async acquire(request: AcquireRequest): Promise<AcquireAnswer> {
    return this.#arbiter.acquire(request);
  }

  async peek(request: AcquireRequest): Promise<PeekAnswer> {
    return this.#arbiter.peek(request);
  }

  async release(...given: Parameters<SliceRpc["release"]>): Promise<void> {
    return this.#arbiter.release(...given);
  }

  override async alarm(): Promise<void> {
    await this.#arbiter.look();
  }

  #warn(what: string, error: unknown): void {
    // eslint-disable-next-line no-console -- the only log line of this object; structured like worker/log.ts
    console.warn(
      JSON.stringify({ level: "warn", what, arbiter: this.ctx.id.name, error: String(error) }),
    );
  }
}
