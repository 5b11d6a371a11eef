/**
 * `sekisho trace checkpoint` and `trace proof` fetch what a mission's log signs, and `trace verify --checkpoint`
 * and `trace included` check it, offline: the log's signature, the witnesses', and the very bytes of the export.
 * Believes no key that the caller did not name. Specification: docs/transparency.md.
 */
import { writeFileSync } from "node:fs";
import {
  auditEntry,
  auditTrace,
  hashToHex,
  parseVkey,
  type NoteKey,
  type Witnessed,
} from "../../shared/log/index.ts";
import { type Result, err, ok } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { clientOf, requireSuccess } from "./api-client.ts";
import {
  type Command,
  type Context,
  type Failure,
  type Outcome,
  answer,
  messageOf,
  readArgs,
  readInput,
  usageError,
} from "./command.ts";
import { facts } from "./print.ts";

const CHECKPOINT_USAGE = "trace checkpoint ID [--size N] [--from SIZE] [--out FILE]";
const PROOF_USAGE = "trace proof ID --seq N [--size N] [--out FILE]";
const INCLUDED_USAGE = "trace included FILE|- --proof FILE --vkey KEY [--witness KEY]...";
const VERIFY_USAGE = "trace verify FILE --checkpoint NOTE --vkey KEY [--witness KEY]...";
const COUNT = /^(0|[1-9]\d{0,15})$/;

export const traceCheckpoint: Command = {
  usage: CHECKPOINT_USAGE,
  summary:
    "fetch a mission's signed checkpoint; with --from, the proof of growth a witness asks for",
  async run(context) {
    const args = readArgs(context, CHECKPOINT_USAGE, ["ID"], {
      size: { type: "string" },
      from: { type: "string" },
      out: { type: "string" },
    });
    if (!args.ok) return args;
    const { size, from, out } = args.value.values;
    for (const [name, count] of Object.entries({ size, from })) {
      if (count !== undefined && !COUNT.test(count)) {
        return usageError(CHECKPOINT_USAGE, `--${name} is a count`);
      }
    }
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const query = new URLSearchParams();
    if (from !== undefined) query.set("from", from);
    if (size !== undefined) query.set(from === undefined ? "size" : "to", size);
    const what = from === undefined ? "checkpoint" : "proofs/consistency";
    return fetchText(context, `/v1/missions/${id}/${what}?${query.toString()}`, out);
  },
};

export const traceProof: Command = {
  usage: PROOF_USAGE,
  summary: "fetch the .tlog-proof that one event is in the log",
  async run(context) {
    const args = readArgs(context, PROOF_USAGE, ["ID"], {
      seq: { type: "string" },
      size: { type: "string" },
      out: { type: "string" },
    });
    if (!args.ok) return args;
    const { seq = "", size, out } = args.value.values;
    if (!COUNT.test(seq) || (size !== undefined && !COUNT.test(size))) {
      return usageError(PROOF_USAGE, "--seq and --size are counts");
    }
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const query = new URLSearchParams({ seq, ...(size === undefined ? {} : { size }) });
    return fetchText(context, `/v1/missions/${id}/proofs/inclusion?${query.toString()}`, out);
  },
};

export const traceIncluded: Command = {
  usage: INCLUDED_USAGE,
  summary: "check offline that one event, alone or in an export, is in the log that was signed for",
  async run(context) {
    const args = readArgs(context, INCLUDED_USAGE, ["FILE"], {
      proof: { type: "string" },
      vkey: { type: "string" },
      witness: { type: "string", multiple: true },
    });
    if (!args.ok) return args;
    const { proof: file = "", vkey = "", witness = [] } = args.value.values;
    const keys = keysOf(INCLUDED_USAGE, vkey, witness);
    if (!keys.ok) return keys;
    const proof = readInput(file);
    if (!proof.ok) return proof;
    const text = readInput(args.value.positionals[0] ?? "");
    if (!text.ok) return text;
    const lines = text.value.split("\n").filter((line) => line !== "");
    const entryAt = (index: number) => (lines.length === 1 ? lines[0] : lines[index]) ?? null;
    const audited = auditEntry({ proof: proof.value, entryAt, ...keys.value });
    if (!audited.ok) return falsified(audited.error);
    const { index } = audited.value;
    const signed = signedFacts(audited.value, keys.value.witnessKeys);
    return answer(
      { included: true, index, checkpoint: signed.json },
      facts([["included", `as entry ${index}`], ...signed.lines(keys.value.logKey)]),
    );
  },
};

async function fetchText(
  context: Context,
  address: string,
  out: string | undefined,
): Promise<Outcome> {
  const client = clientOf(context);
  const got = requireSuccess(client, await client.get(address, "text/plain"));
  if (!got.ok) return got;
  if (out === undefined) return ok({ kind: "raw", text: got.value.text });
  try {
    writeFileSync(out, got.value.text);
  } catch (cause) {
    const message = `cannot write ${out}: ${messageOf(cause)}`;
    return err({ exit: 2, message, next: "name another file with --out" });
  }
  return answer({ file: out }, `signed, in ${out}`);
}

export interface CheckpointAsked {
  /** The file of the note. */
  readonly note: string;
  readonly vkey: string | undefined;
  readonly witnesses: readonly string[];
}

/** Checks an exported trace against a checkpoint. Errors: exit 1 for whatever does not hold. */
export function verifyAgainst(trace: string, asked: CheckpointAsked): Outcome {
  if (asked.vkey === undefined) {
    return usageError(VERIFY_USAGE, "--checkpoint needs --vkey, the log's key you keep");
  }
  const keys = keysOf(VERIFY_USAGE, asked.vkey, asked.witnesses);
  if (!keys.ok) return keys;
  const checkpoint = readInput(asked.note);
  if (!checkpoint.ok) return checkpoint;
  const audited = auditTrace({ trace, checkpoint: checkpoint.value, ...keys.value });
  if (!audited.ok) return falsified(audited.error);
  const { events, head, uncovered } = audited.value;
  const signed = signedFacts(audited.value, keys.value.witnessKeys);
  return answer(
    { valid: true, events, head, uncovered, checkpoint: signed.json },
    facts([
      ["valid", `${events} events, no gap, every hash follows from the one before`],
      ["head", `${head.seq}-${head.hash}`],
      ...signed.lines(keys.value.logKey),
      ["unsigned", uncovered === 0 ? "nothing" : `the last ${uncovered} events: chained only`],
    ]),
  );
}

interface Keys {
  readonly logKey: NoteKey;
  readonly witnessKeys: readonly NoteKey[];
}

function keysOf(usage: string, vkey: string, witnesses: readonly string[]): Result<Keys, Failure> {
  const logKey = parseVkey(vkey.trim());
  if (!logKey.ok) return usageError(usage, `--vkey: ${logKey.error.detail}`);
  const witnessKeys: NoteKey[] = [];
  for (const text of witnesses) {
    const key = parseVkey(text.trim());
    if (!key.ok) return usageError(usage, `--witness: ${key.error.detail}`);
    witnessKeys.push(key.value);
  }
  return ok({ logKey: logKey.value, witnessKeys });
}

/** Who signed for what, for machines and for people. */
function signedFacts({ checkpoint, cosignedAt }: Witnessed, witnessKeys: readonly NoteKey[]) {
  const { origin, size, root } = checkpoint;
  const cosigned = witnessKeys.map((key, index) => ({
    witness: key.name,
    at: unixMsToIso((cosignedAt[index] ?? 0) * 1000),
  }));
  return {
    json: { origin, size, root: hashToHex(root), cosigned },
    lines: (logKey: NoteKey): readonly (readonly [string, string])[] => [
      ["signed", `${size} entries by ${logKey.name} as ${origin}`],
      ...cosigned.map(({ witness, at }) => ["cosigned", `by ${witness} at ${at}`] as const),
    ],
  };
}

function falsified(error: {
  readonly reason: string;
  readonly detail: string;
  readonly seq?: number;
}): Outcome {
  const place = error.seq === undefined ? "" : ` at seq ${error.seq}`;
  return err({
    exit: 1,
    message: `falsified${place}: ${error.reason}: ${error.detail}`,
    next: "sekisho trace checkpoint ID   (and compare with what others hold)",
    facts: { valid: false, ...error },
  });
}
