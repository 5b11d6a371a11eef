/**
 * `sekisho witness`: a second pair of eyes for a log. Cosigns a checkpoint only after the log's signature and
 * its continuity with the last one seen were checked; works on files alone, without network and token.
 * Refuses a log that shrank or forked, and remembers before it signs.
 * Specification: docs/transparency.md, c2sp.org/tlog-cosignature.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import * as z from "zod";
import {
  acceptCheckpoint,
  cosignNote,
  formatNote,
  formatVkey,
  hashToHex,
  hexToHash,
  isKeyName,
  noteKey,
  openCheckpoint,
  parseConsistencyText,
  parseVkey,
  type Hash,
  type NoteKey,
  type SeenTree,
} from "../../shared/log/index.ts";
import { type Result, err, ok } from "../../shared/result.ts";
import {
  type Command,
  type Failure,
  type Outcome,
  answer,
  messageOf,
  readArgs,
  readInput,
  readJsonInput,
  usageError,
} from "./command.ts";
import { readKeyFile } from "./key.ts";

const COSIGN_USAGE =
  "witness cosign CHECKPOINT|- --vkey LOG_KEY --name NAME --key FILE --state FILE [--proof FILE]";
const VKEY_USAGE = "witness vkey --name NAME --key FILE";

export const witnessVkey: Command = {
  usage: VKEY_USAGE,
  summary: "print the line with which a witness's cosignatures verify",
  async run(context) {
    const args = readArgs(context, VKEY_USAGE, [], {
      name: { type: "string" },
      key: { type: "string" },
    });
    if (!args.ok) return args;
    const { name = "", key: file = "" } = args.value.values;
    if (!isKeyName(name)) return usageError(VKEY_USAGE, "--name has neither spaces nor plus");
    const key = readKeyFile(file);
    if (!key.ok) return key;
    const vkey = formatVkey(noteKey(name, "cosignature", key.value));
    return answer({ vkey }, vkey);
  },
};

export const witnessCosign: Command = {
  usage: COSIGN_USAGE,
  summary: "cosign a checkpoint that continues the last one seen of its log",
  async run(context) {
    const args = readArgs(context, COSIGN_USAGE, ["CHECKPOINT"], {
      vkey: { type: "string" },
      name: { type: "string" },
      key: { type: "string" },
      state: { type: "string" },
      proof: { type: "string" },
    });
    if (!args.ok) return args;
    const { vkey = "", name = "", key: keyFile = "", state = "", proof } = args.value.values;
    if (state === "") return usageError(COSIGN_USAGE, "--state names what this witness remembers");
    if (!isKeyName(name)) return usageError(COSIGN_USAGE, "--name has neither spaces nor plus");
    const logKey = parseVkey(vkey);
    if (!logKey.ok) return usageError(COSIGN_USAGE, `--vkey: ${logKey.error.detail}`);
    const key = readKeyFile(keyFile);
    if (!key.ok) return key;
    const [file = ""] = args.value.positionals;
    const note = readInput(file);
    if (!note.ok) return note;
    const hashes = proof === undefined ? ok(null) : readProof(proof);
    if (!hashes.ok) return hashes;
    return withLock(state, () => {
      const seen = remember(state, note.value, logKey.value, hashes.value);
      if (!seen.ok) return seen;
      const { text, signatures } = seen.value;
      const at = Math.floor(Date.now() / 1000);
      const cosigned = cosignNote(text, name, key.value, at);
      return ok({ kind: "raw", text: formatNote({ text, signatures: [...signatures, cosigned] }) });
    });
  },
};

/** Checks everything and writes the new state; only then may the note be cosigned. */
function remember(file: string, text: string, logKey: NoteKey, proof: readonly Hash[] | null) {
  const opened = openCheckpoint(text, logKey);
  if (!opened.ok) return refused(opened.error, "sekisho trace checkpoint ID");
  const { checkpoint, note } = opened.value;
  const state = readState(file);
  if (!state.ok) return state;
  const known = state.value.get(checkpoint.origin);
  const logVkey = formatVkey(logKey);
  if (known !== undefined && known.vkey !== logVkey) {
    const detail = `${checkpoint.origin} was seen under the key ${known.vkey}`;
    return refused({ reason: "log_key_changed", detail }, `sekisho ${COSIGN_USAGE}`);
  }
  const accepted = acceptCheckpoint(known === undefined ? null : known.seen, checkpoint, proof);
  if (!accepted.ok) {
    const from = known?.seen.size ?? 0;
    return refused(
      accepted.error,
      `sekisho trace checkpoint ID --from ${from} > FILE   (as --proof)`,
    );
  }
  const entry = { vkey: logVkey, seen: accepted.value };
  const written = writeState(file, new Map(state.value).set(checkpoint.origin, entry));
  return written.ok ? ok(note) : written;
}

const seenSchema = z.strictObject({
  vkey: z.string(),
  size: z.int().min(0),
  root: z.string().transform((hex, context) => {
    const hash = hexToHash(hex);
    if (hash !== null) return hash;
    context.addIssue({ code: "custom", message: "a root is a hash" });
    return z.NEVER;
  }),
});
const stateSchema = z.strictObject({
  version: z.literal(1),
  logs: z.record(z.string(), seenSchema),
});

/** By origin; a map, because an origin is a stranger's text. */
type WitnessState = ReadonlyMap<string, { readonly vkey: string; readonly seen: SeenTree }>;

/** A state that cannot be read is no empty state: a witness that forgot would sign a fork. */
function readState(file: string): Result<WitnessState, Failure> {
  if (!existsSync(file)) return ok(new Map());
  const json = readJsonInput(file);
  if (!json.ok) return json;
  const state = stateSchema.safeParse(json.value);
  if (!state.success) {
    const next = "restore the file; without it this witness must not sign";
    return err({ exit: 2, message: `${file} is not a witness's state`, next });
  }
  const logs = Object.entries(state.data.logs).map(
    ([origin, { vkey, size, root }]) => [origin, { vkey, seen: { size, root } }] as const,
  );
  return ok(new Map(logs));
}

/** Written beside, made durable, then renamed: a crash leaves the old state or the new one. */
function writeState(file: string, logs: WitnessState): Result<null, Failure> {
  const plain = [...logs].map(([origin, { vkey, seen }]) => [
    origin,
    { vkey, size: seen.size, root: hashToHex(seen.root) },
  ]);
  const text = JSON.stringify({ version: 1, logs: Object.fromEntries(plain) }, null, 2);
  const fresh = `${file}.new`;
  try {
    const handle = openSync(fresh, "w", 0o600);
    writeSync(handle, `${text}\n`);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(fresh, file);
    return ok(null);
  } catch (cause) {
    const message = `cannot write ${file}: ${messageOf(cause)}; nothing was cosigned`;
    return err({ exit: 2, message, next: `sekisho ${COSIGN_USAGE}` });
  }
}

/** Two witnesses on one state could cosign both sides of a fork, so the second is sent away. */
function withLock(state: string, work: () => Outcome): Outcome {
  const lock = `${state}.lock`;
  try {
    closeSync(openSync(lock, "wx", 0o600));
  } catch (cause) {
    const message = `cannot lock ${state}: ${messageOf(cause)}`;
    return err({ exit: 2, message, next: `wait for the other witness, or remove ${lock}` });
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

const jsonProofSchema = z.object({ proof: z.array(z.string()) });

/** An add-checkpoint text, or the JSON of `/proofs/consistency`. */
function readProof(file: string): Result<readonly Hash[], Failure> {
  const text = readInput(file);
  if (!text.ok) return text;
  const malformed = (detail: string): Result<never, Failure> =>
    err({
      exit: 2,
      message: `${file} is no consistency proof: ${detail}`,
      next: "sekisho trace checkpoint ID --from SIZE",
    });
  if (!text.value.trimStart().startsWith("{")) {
    const parsed = parseConsistencyText(text.value);
    return parsed.ok ? ok(parsed.value.proof) : malformed(parsed.error.detail);
  }
  const json = readJsonInput(file);
  if (!json.ok) return json;
  const parsed = jsonProofSchema.safeParse(json.value);
  if (!parsed.success) return malformed("it has no list of hashes");
  const hashes = parsed.data.proof.map((hex) => hexToHash(hex));
  return hashes.every((hash) => hash !== null) ? ok(hashes) : malformed("a hash is no hash");
}

function refused(
  error: { readonly reason: string; readonly detail: string },
  next: string,
): Result<never, Failure> {
  const message = `not cosigned: ${error.reason}: ${error.detail}`;
  return err({ exit: 1, message, next, facts: error });
}
