/**
 * An arbiter in the next room: decides a command as the mission's object does, with every slice that its nodes
 * want granted, one number above the mission's own. For tests in which no other mission contends.
 */
import type { LeaseFact, WantedLease } from "../../shared/lease/index.ts";
import {
  type Command,
  decideAsking,
  type MissionState,
  type Rejection,
} from "../../shared/mission/index.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { EventDraft } from "../../shared/trace/index.ts";

/** What is said to each node that wants slices. */
export type AskArbiters = (wanted: WantedLease) => LeaseFact;

/** Grants whatever is asked for. */
const grantAll: AskArbiters = ({ slices }) => ({
  state: "granted",
  fence: Object.fromEntries(slices.map(({ slice, floor }) => [slice, floor + 1])),
});

/** Asks, grants and decides until nothing more is wanted. */
export function decideLeased(
  state: MissionState | null,
  command: Command,
  ask: AskArbiters = grantAll,
): Result<readonly EventDraft[], Rejection> {
  let leases = command.leases ?? {};
  for (;;) {
    const decided = decideAsking(state, { ...command, leases });
    if (!decided.ok) return decided;
    const { drafts, wanted } = decided.value;
    if (wanted.length === 0) return ok(drafts);
    for (const want of wanted) leases = { ...leases, [want.nodeId]: ask(want) };
  }
}
