/**
 * An exported trace against a checkpoint of its mission, offline: the chain, the signature, the cosignatures
 * and the root over the very bytes of the export. What a re-hashed chain cannot pass without the key.
 * Specification: docs/transparency.md.
 */
import { err, ok, type Result } from "../result.ts";
import { verifyTraceText, type Head, type TraceFlaw } from "../trace/index.ts";
import { openCheckpoint, type Checkpoint, type CheckpointReject } from "./checkpoint.ts";
import { isSameHash, leafHash } from "./hash.ts";
import { verifyNote, type NoteKey } from "./note.ts";
import { createMerkleTree } from "./tree.ts";

export interface AuditRequest {
  /** One canonical JSON event a line. */
  readonly trace: string;
  /** The signed note. */
  readonly checkpoint: string;
  readonly logKey: NoteKey;
  /** Every one of them must have cosigned. */
  readonly witnessKeys: readonly NoteKey[];
}

export interface Audited {
  readonly events: number;
  readonly head: Head;
  readonly checkpoint: Checkpoint;
  /** Events behind the checkpoint: chained, but not signed for. */
  readonly uncovered: number;
  /** When each witness cosigned, seconds since the epoch, in the order asked. */
  readonly cosignedAt: readonly number[];
}

export type AuditReject =
  | TraceFlaw
  | CheckpointReject
  | {
      readonly reason: "other_mission" | "behind_checkpoint" | "root_mismatch";
      readonly detail: string;
    };

/**
 * Checks the trace and that the checkpoint is of it. A trace may go on behind its checkpoint, not end before.
 * Errors: of the note first, then the chain's own flaw, then `behind_checkpoint` and `root_mismatch`.
 */
export function auditTrace(request: AuditRequest): Result<Audited, AuditReject> {
  const { trace, logKey, witnessKeys } = request;
  const opened = openCheckpoint(request.checkpoint, logKey);
  if (!opened.ok) return opened;
  const { checkpoint, note } = opened.value;
  const cosignedAt: number[] = [];
  for (const key of witnessKeys) {
    const cosigned = verifyNote(note, key);
    if (!cosigned.ok) return cosigned;
    cosignedAt.push(cosigned.value.at ?? 0);
  }
  const missionId = checkpoint.origin.split("/").at(-1) ?? "";
  const verified = verifyTraceText(trace, { missionId });
  if (!verified.ok) return verified;
  const { events, head } = verified.value;
  if (events < checkpoint.size) {
    const detail = `the log had ${checkpoint.size} events when it was signed, the trace has ${events}`;
    return err({ reason: "behind_checkpoint", detail });
  }
  const lines = trace.split("\n").slice(0, checkpoint.size);
  if (!isSameHash(rootOf(lines), checkpoint.root)) {
    const detail = `the first ${checkpoint.size} events are not those that were signed for`;
    return err({ reason: "root_mismatch", detail });
  }
  return ok({ events, head, checkpoint, uncovered: events - checkpoint.size, cosignedAt });
}

/** Each line of a verified export is the canonical JSON of its event, so its bytes are the entry. */
function rootOf(lines: readonly string[]) {
  const tree = createMerkleTree();
  for (const line of lines) tree.append(leafHash(line));
  return tree.root(tree.size());
}
