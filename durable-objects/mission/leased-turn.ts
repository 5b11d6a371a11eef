/**
 * A turn that needs slices: decided, its arbiters asked, decided again with what they said, until nothing is
 * wanting. Each attempt looks at everything anew, for the mission may have moved while the arbiters were asked.
 * A crash anywhere in here leaves at most grants that nobody uses, which their arbiters take back.
 */
import type { LeaseFacts, WantedLease } from "../../shared/lease/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { EndedGrant } from "../../shared/mission/index.ts";
import type { Asked, Leases } from "./leases.ts";

/** What an attempt came to: an end, or nodes whose arbiters must be asked; then nothing has been committed. */
export type Attempt<T> =
  | { readonly kind: "done"; readonly result: T }
  | { readonly kind: "asking"; readonly wanted: readonly WantedLease[] };

export interface LeasedTurnDeps {
  readonly leases: Leases;
  /** Whether the mission has the slice now. */
  holds(slice: string): boolean;
  /** Somebody was not let in: the alarm must ask again for whoever waits then. */
  lookAgain(afterMs: number): void;
  nowMs(): number;
}

/** Runs `attempt` to its end. It is synchronous, commits at most once, and takes what the arbiters said by node. */
export async function runLeased<T>(
  deps: LeasedTurnDeps,
  attempt: (leases: LeaseFacts) => Attempt<T>,
): Promise<T> {
  const asked = new Map<string, Asked>();
  const granted: EndedGrant[] = [];
  try {
    for (let round = 0; ; round += 1) {
      const turn = attempt(usable(asked, deps.nowMs()));
      if (turn.kind === "done") return turn.result;
      for (const want of turn.wanted) {
        const answer = round < LIMITS.leaseRoundsMax ? await deps.leases.ask(want) : UNASKED;
        asked.set(want.nodeId, answer);
        granted.push(...answer.grants);
        // A place in a queue can be lost with an answer; then nobody but the mission itself would ask again.
        if (answer.fact.state === "held") deps.lookAgain(LIMITS.leaseAskAgainMs);
        else if (answer.fact.state !== "granted") deps.lookAgain(LIMITS.leaseLookMs);
      }
    }
  } finally {
    deps.leases.giveBack(granted.filter(({ slice }) => !deps.holds(slice)));
  }
}

const UNASKED: Asked = { fact: { state: "unasked" }, grants: [], usableUntilMs: null };

/** Without the grants whose time is over: their arbiters may have given the slices to somebody else since. */
function usable(asked: ReadonlyMap<string, Asked>, nowMs: number): LeaseFacts {
  const now = [...asked].filter(
    ([, { usableUntilMs }]) => usableUntilMs === null || nowMs <= usableUntilMs,
  );
  return Object.fromEntries(now.map(([nodeId, { fact }]) => [nodeId, fact]));
}
