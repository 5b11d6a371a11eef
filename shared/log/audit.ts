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
import { parseInclusionText, type ProofTextReject } from "./proof-text.ts";
import { createMerkleTree } from "./tree.ts";
import { verifyInclusion } from "./verify.ts";

export interface AuditRequest {
  /** One canonical JSON event a line. */
  readonly trace: string;
  /** The signed note. */
  readonly checkpoint: string;
  readonly logKey: NoteKey;
  /** Every one of them must have cosigned. */
  readonly witnessKeys: readonly NoteKey[];
}

export interface Audited extends Witnessed {
  readonly events: number;
  readonly head: Head;
  /** Events behind the checkpoint: chained, but not signed for. */
  readonly uncovered: number;
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
  const opened = openWitnessed(request.checkpoint, logKey, witnessKeys);
  if (!opened.ok) return opened;
  const { checkpoint, cosignedAt } = opened.value;
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

export interface EntryRequest {
  /** The `.tlog-proof`. */
  readonly proof: string;
  /** Finds the entry at an index: its bytes as text, or null where there is none. */
  readonly entryAt: (index: number) => string | null;
  readonly logKey: NoteKey;
  readonly witnessKeys: readonly NoteKey[];
}

export interface AuditedEntry extends Witnessed {
  readonly index: number;
}

export type EntryReject =
  | CheckpointReject
  | ProofTextReject
  | { readonly reason: "entry_missing" | "not_included"; readonly detail: string };

/**
 * Checks that one entry is in the log that its proof's checkpoint signs for, without the rest of the log.
 * Errors: of the proof's text, then of the checkpoint, then `not_included`.
 */
export function auditEntry(request: EntryRequest): Result<AuditedEntry, EntryReject> {
  const read = parseInclusionText(request.proof);
  if (!read.ok) return read;
  const { index, proof, checkpoint: text } = read.value;
  const opened = openWitnessed(text, request.logKey, request.witnessKeys);
  if (!opened.ok) return opened;
  const entry = request.entryAt(index);
  if (entry === null)
    return err({ reason: "entry_missing", detail: `no entry ${index} was given` });
  const { size, root } = opened.value.checkpoint;
  if (!verifyInclusion(leafHash(entry), index, size, proof, root)) {
    const detail = `the entry is not what the log of ${size} has at ${index}`;
    return err({ reason: "not_included", detail });
  }
  return ok({ index, ...opened.value });
}

export interface Witnessed {
  readonly checkpoint: Checkpoint;
  /** When each witness cosigned, seconds since the epoch, in the order asked. */
  readonly cosignedAt: readonly number[];
}

function openWitnessed(
  text: string,
  logKey: NoteKey,
  witnessKeys: readonly NoteKey[],
): Result<Witnessed, CheckpointReject> {
  const opened = openCheckpoint(text, logKey);
  if (!opened.ok) return opened;
  const { checkpoint, note } = opened.value;
  const cosignedAt: number[] = [];
  for (const key of witnessKeys) {
    // Otherwise the log's own signature, which every checkpoint has, would stand for a second pair of eyes.
    if (key.kind !== "cosignature" || key.publicJwk.x === logKey.publicJwk.x) {
      const detail = `${key.name} is no witness: it does not cosign with a key of its own`;
      return err({ reason: "note_unsigned", detail });
    }
    const cosigned = verifyNote(note, key);
    if (!cosigned.ok) return cosigned;
    cosignedAt.push(cosigned.value.at ?? 0);
  }
  return ok({ checkpoint, cosignedAt });
}

/** Each line of a verified export is the canonical JSON of its event, so its bytes are the entry. */
function rootOf(lines: readonly string[]) {
  const tree = createMerkleTree();
  for (const line of lines) tree.append(leafHash(line));
  return tree.root(tree.size());
}
