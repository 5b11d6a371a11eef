/**
 * Before a command that may ask a gate, the people whose approvals wait there are looked up in the team's
 * directory: what no longer counts is revoked in the trace first. Asks nobody where nothing waits. A directory
 * that cannot be asked is a fault: the command fails and is tried again, and no gate decides on old facts.
 */
import { approversWaiting, type Command, type MissionState } from "../../shared/mission/index.ts";
import type { Standing } from "../../shared/wire/rpc.ts";

export interface ReviewDeps {
  /** The mission's state now; null where there is none. */
  state(): MissionState | null;
  standingOf(ids: readonly string[]): Promise<readonly Standing[]>;
  /** Decides and commits one command; may change nothing. */
  execute(command: Command): Promise<void>;
  /** What a command of the mission's own carries: its time, its randomness, its terms. */
  base(): Pick<Command, "at" | "entropy" | "terms">;
}

/** Looks at the waiting approvals before `command`, if it may ask a gate at all. */
export async function reviewBefore(deps: ReviewDeps, command: Command): Promise<void> {
  if (!mayAskGate(command)) return;
  const state = deps.state();
  const waiting = state === null ? [] : approversWaiting(state);
  if (waiting.length === 0) return;
  for (const { id, facts, delegations, changedBy } of await deps.standingOf(waiting)) {
    const { at, entropy, terms } = deps.base();
    const standing = facts && {
      kids: facts.keys.map(({ kid }) => kid),
      groups: facts.groups,
      validFrom: facts.validFrom,
      validUntil: facts.validUntil,
      ...(delegations.length > 0 && { delegations }),
    };
    const actor = { kind: "human", id: changedBy ?? "directory" } as const;
    await deps.execute({
      type: "ReviewApprovals",
      at,
      entropy,
      terms,
      actor,
      person: id,
      standing,
    });
  }
}

/** What an operator stops or the gateway refuses lets nothing start, and is heard without the directory. */
function mayAskGate(command: Command): boolean {
  if (command.type === "Intervene") return command.kind === "resume" || command.kind === "reset";
  return command.type !== "OpenMission" && command.type !== "RecordDenial";
}
