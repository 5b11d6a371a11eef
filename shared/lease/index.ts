/** The face of the leases that missions of a team share: facts, and the rules of an arbiter. */
export {
  artifactOf,
  type HeldElsewhere,
  type LeaseFact,
  type LeaseFacts,
  type WantedLease,
} from "./facts.ts";
export {
  type AcquireAnswer,
  type AcquireRequest,
  decideAcquire,
  decideRelease,
  type Grant,
  isGrantOver,
  nextLookMs,
  nextServed,
  type PeekAnswer,
  peekAcquire,
  type SliceBook,
  type SliceRow,
  suspectsOf,
  type Waiter,
} from "./arbiter.ts";
