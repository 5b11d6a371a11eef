/**
 * `sekisho trace checkpoint` fetches a mission's signed checkpoint, and `trace verify --checkpoint` checks an
 * export against one, offline: the log's signature, the witnesses', and the root over the export's bytes.
 * Believes no key that the caller did not name. Specification: docs/transparency.md.
 */
import { writeFileSync } from "node:fs";
import { auditTrace, hashToHex, parseVkey, type NoteKey } from "../../shared/log/index.ts";
import { type Result, err, ok } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { clientOf, requireSuccess } from "./api-client.ts";
import {
  type Command,
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
    const client = clientOf(context);
    const address = `/v1/missions/${id}/${what}?${query.toString()}`;
    const got = requireSuccess(client, await client.get(address, "text/plain"));
    if (!got.ok) return got;
    if (out === undefined) return ok({ kind: "raw", text: got.value.text });
    try {
      writeFileSync(out, got.value.text);
    } catch (cause) {
      const message = `cannot write ${out}: ${messageOf(cause)}`;
      return err({ exit: 2, message, next: `sekisho ${CHECKPOINT_USAGE}` });
    }
    return answer({ file: out }, `a signed checkpoint in ${out}`);
  },
};

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
  const logKey = keyOf("--vkey", asked.vkey);
  if (!logKey.ok) return logKey;
  const witnessKeys: NoteKey[] = [];
  for (const text of asked.witnesses) {
    const key = keyOf("--witness", text);
    if (!key.ok) return key;
    witnessKeys.push(key.value);
  }
  const checkpoint = readInput(asked.note);
  if (!checkpoint.ok) return checkpoint;
  const audited = auditTrace({
    trace,
    checkpoint: checkpoint.value,
    logKey: logKey.value,
    witnessKeys,
  });
  if (!audited.ok) {
    const { error } = audited;
    const place = "seq" in error ? ` at seq ${error.seq}` : "";
    return err({
      exit: 1,
      message: `falsified${place}: ${error.reason}: ${error.detail}`,
      next: "sekisho trace checkpoint ID   (and compare with what others hold)",
      facts: { valid: false, ...error },
    });
  }
  const { events, head, uncovered, cosignedAt } = audited.value;
  const { origin, size, root } = audited.value.checkpoint;
  const cosigned = witnessKeys.map((key, index) => ({
    witness: key.name,
    at: unixMsToIso((cosignedAt[index] ?? 0) * 1000),
  }));
  const signed = { origin, size, root: hashToHex(root), cosigned };
  return answer(
    { valid: true, events, head, uncovered, checkpoint: signed },
    facts([
      ["valid", `${events} events, no gap, every hash follows from the one before`],
      ["head", `${head.seq}-${head.hash}`],
      ["signed", `${size} events by ${logKey.value.name} as ${origin}`],
      ...cosigned.map(({ witness, at }) => ["cosigned", `by ${witness} at ${at}`] as const),
      ["unsigned", uncovered === 0 ? "nothing" : `the last ${uncovered} events: chained only`],
    ]),
  );
}

function keyOf(option: string, text: string): Result<NoteKey, Failure> {
  const key = parseVkey(text.trim());
  return key.ok ? key : usageError(VERIFY_USAGE, `${option}: ${key.error.detail}`);
}
