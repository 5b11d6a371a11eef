/**
 * Checkpoints: a log's origin, size and root as the text of a signed note, made, read and opened.
 * Refuses every second spelling of a number or hash; signing and verifying are the note's.
 * Specification: c2sp.org/tlog-checkpoint.
 */
import { base64Decode, base64Encode, type PrivateJwk } from "../crypto.ts";
import { invariant } from "../invariant.ts";
import { err, ok, type Result } from "../result.ts";
import { HASH_BYTES, type Hash } from "./hash.ts";
import {
  formatNote,
  parseNote,
  signNote,
  verifyNote,
  type NoteKey,
  type NoteReject,
  type SignedNote,
} from "./note.ts";

export interface Checkpoint {
  /** Names the log; a URL without its scheme. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** Further lines, opaque. */
  readonly extensions: readonly string[];
}

export type CheckpointReject =
  | NoteReject
  | { readonly reason: "checkpoint_malformed" | "origin_mismatch"; readonly detail: string };

const SIZE = /^(0|[1-9]\d{0,15})$/;

/** The text that is signed. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  invariant(Number.isSafeInteger(size) && size >= 0, "a log's size is a count");
  invariant(root.length === HASH_BYTES, "a root has 32 bytes");
  const lines = [origin, String(size), base64Encode(root), ...extensions];
  invariant(
    lines.every((line) => line !== "" && !line.includes("\n")),
    "a checkpoint's lines are not empty",
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** Reads the text of a note as a checkpoint. Errors: `checkpoint_malformed`. */
export function parseCheckpoint(text: string): Result<Checkpoint, CheckpointReject> {
  const malformed = (detail: string) => err({ reason: "checkpoint_malformed", detail } as const);
  if (!text.endsWith("\n")) return malformed("the last line is not ended");
  const [origin = "", size = "", base64 = "", ...extensions] = text.slice(0, -1).split("\n");
  if (origin === "" || extensions.includes("")) return malformed("a line is empty");
  const count = Number(size);
  if (!SIZE.test(size) || !Number.isSafeInteger(count)) return malformed("the size is no count");
  const root = base64Decode(base64);
  if (root?.length !== HASH_BYTES) return malformed("the root is no SHA-256 in base64");
  return ok({ origin, size: count, root, extensions });
}

/** A checkpoint signed by one key, as a note. The same checkpoint gives the same bytes. */
export function signCheckpoint(checkpoint: Checkpoint, name: string, key: PrivateJwk): string {
  const text = formatCheckpoint(checkpoint);
  return formatNote({ text, signatures: [signNote(text, name, key)] });
}

export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: SignedNote;
}

/**
 * Reads a checkpoint that the log's key signed. The origin must be the key's name, or lie below it.
 * Errors: those of reading and verifying; `origin_mismatch` where the key speaks for another log.
 */
export function openCheckpoint(
  text: string,
  logKey: NoteKey,
): Result<OpenedCheckpoint, CheckpointReject> {
  const note = parseNote(text);
  if (!note.ok) return note;
  const signed = verifyNote(note.value, logKey);
  if (!signed.ok) return signed;
  const checkpoint = parseCheckpoint(note.value.text);
  if (!checkpoint.ok) return checkpoint;
  const { origin } = checkpoint.value;
  if (origin !== logKey.name && !origin.startsWith(`${logKey.name}/`)) {
    return err({ reason: "origin_mismatch", detail: `${origin} is no log of ${logKey.name}` });
  }
  return ok({ checkpoint: checkpoint.value, note: note.value });
}
