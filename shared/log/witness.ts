/**
 * What a witness may cosign: a checkpoint that continues the last one it saw of the same log. Refuses a
 * log that shrank, one that shows another past, and one that does not prove its growth.
 * Specification: c2sp.org/tlog-witness; docs/transparency.md.
 */
import { err, ok, type Result } from "../result.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { EMPTY_ROOT, isSameHash, type Hash } from "./hash.ts";
import { verifyConsistency } from "./verify.ts";

/** The largest tree of a log that a witness has accepted. */
export interface SeenTree {
  readonly size: number;
  readonly root: Hash;
}

export type WitnessReject = {
  readonly reason: "rollback" | "fork" | "proof_missing" | "proof_invalid";
  readonly detail: string;
};

/**
 * The tree to remember when the checkpoint may be cosigned; remember it before showing a cosignature.
 * A log seen for the first time is taken as it is. `proof` is null where none was given.
 */
export function acceptCheckpoint(
  seen: SeenTree | null,
  checkpoint: Pick<Checkpoint, "size" | "root">,
  proof: readonly Hash[] | null,
): Result<SeenTree, WitnessReject> {
  const { size, root } = checkpoint;
  if (size === 0 && !isSameHash(root, EMPTY_ROOT)) {
    return err({ reason: "fork", detail: "an empty log has one root, and not this" });
  }
  if (seen === null || seen.size === 0) return ok({ size, root });
  if (size < seen.size) {
    return err({ reason: "rollback", detail: `${seen.size} entries were seen, now ${size}` });
  }
  if (size === seen.size) {
    if (isSameHash(root, seen.root)) return ok(seen);
    return err({ reason: "fork", detail: `another root was seen at size ${size}` });
  }
  if (proof === null) {
    return err({ reason: "proof_missing", detail: `growth from ${seen.size} is not proven` });
  }
  if (!verifyConsistency(seen.size, size, seen.root, root, proof)) {
    const detail = `the proof does not lead from the seen ${seen.size} entries to ${size}`;
    return err({ reason: "proof_invalid", detail });
  }
  return ok({ size, root });
}
