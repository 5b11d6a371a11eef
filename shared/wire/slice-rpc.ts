/** The calls between missions and the arbiters of slices. Specification: docs/leases.md. */
import type { AcquireAnswer, AcquireRequest, PeekAnswer } from "../lease/index.ts";

/**
 * The arbiter of one artifact of a team. Found by the name `<team>/<artifact>`. Calls are durable when they
 * return and may be repeated: a mission's second grant of a slice takes the place of its first.
 */
export interface SliceRpc {
  /** All of the slices, or none and a place in the queue of each that was refused. */
  acquire(request: AcquireRequest): Promise<AcquireAnswer>;
  /** What `acquire` would meet now. Gives nothing, queues nobody and writes nothing. */
  peek(request: AcquireRequest): Promise<PeekAnswer>;
  /** Gives grants back; one that is not the slice's current one changes nothing. */
  release(
    missionId: string,
    grants: readonly { readonly slice: string; readonly fence: number }[],
  ): Promise<void>;
}
