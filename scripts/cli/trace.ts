/**
 * `sekisho trace`: export a mission's trace, and verify or replay an exported one offline. Verify and
 * replay need no server and no token: they run the very code that the mission's object runs.
 * Specification: docs/event-log.md.
 */
import { writeFileSync } from "node:fs";
import { jwkThumbprint, type PublicJwk } from "../../shared/crypto.ts";
import { type CertifyOptions, createCertifier, replayTrace } from "../../shared/mission/index.ts";
import { type Result, err, ok } from "../../shared/result.ts";
import { isoToUnixMs } from "../../shared/time.ts";
import { type TraceEvent, verifyTraceText } from "../../shared/trace/index.ts";
import { jwksSchema } from "../../shared/wire/api.ts";
import { clientOf, requireSuccess } from "./api-client.ts";
import { verifyAgainst } from "./checkpoint.ts";
import {
  type Command,
  type Failure,
  answer,
  messageOf,
  readArgs,
  readInput,
  readJsonInput,
  usageError,
} from "./command.ts";
import { readKeysById } from "./keys-by-id.ts";
import { facts } from "./print.ts";

const EXPORT_USAGE = "trace export ID [--out FILE]";
const VERIFY_USAGE =
  "trace verify FILE|- [--head SEQ-HASH] [--checkpoint NOTE --vkey KEY [--witness KEY]...]";
const CERTIFY_USAGE =
  "trace certify FILE|- [--jwks FILE] [--approvers FILE] [--verifiers FILE] [--rules-min N]";
const REPLAY_USAGE = "trace replay FILE|- --at SEQ|TIME";

export const traceExport: Command = {
  usage: EXPORT_USAGE,
  summary: "write a mission's trace as NDJSON",
  async run(context) {
    const args = readArgs(context, EXPORT_USAGE, ["ID"], { out: { type: "string" } });
    if (!args.ok) return args;
    const client = clientOf(context);
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const got = requireSuccess(
      client,
      await client.get(`/v1/missions/${id}/trace`, "application/x-ndjson"),
    );
    if (!got.ok) return got;
    const { out } = args.value.values;
    if (out === undefined) return ok({ kind: "raw", text: got.value.text });
    try {
      writeFileSync(out, got.value.text);
    } catch (cause) {
      const next = `sekisho ${EXPORT_USAGE}`;
      return err({ exit: 2, message: `cannot write ${out}: ${messageOf(cause)}`, next });
    }
    const events = got.value.text.split("\n").length - 1;
    return answer({ file: out, events }, `${events} events in ${out}`);
  },
};

export const traceVerify: Command = {
  usage: VERIFY_USAGE,
  summary: "check an exported trace offline; names the first bad seq",
  async run(context) {
    const args = readArgs(context, VERIFY_USAGE, ["FILE"], {
      head: { type: "string" },
      checkpoint: { type: "string" },
      vkey: { type: "string" },
      witness: { type: "string", multiple: true },
    });
    if (!args.ok) return args;
    const { checkpoint: note, vkey, witness: witnesses = [] } = args.value.values;
    if (note === undefined && (vkey !== undefined || witnesses.length > 0)) {
      return usageError(VERIFY_USAGE, "--vkey and --witness belong to a --checkpoint");
    }
    const expectedHead = readHead(args.value.values.head);
    if (expectedHead === null) {
      return usageError(VERIFY_USAGE, "--head is <seq>-<hash>, as an ETag of the mission shows it");
    }
    const [file = ""] = args.value.positionals;
    const text = readInput(file);
    if (!text.ok) return text;
    const verified = verifyTraceText(
      text.value,
      expectedHead === undefined ? {} : { expectedHead },
    );
    if (!verified.ok) {
      const { seq, reason, detail } = verified.error;
      return err({
        exit: 1,
        message: `falsified at seq ${seq}: ${reason}: ${detail}`,
        next: "sekisho trace export ID   (for a fresh copy to compare)",
        facts: { valid: false, ...verified.error },
      });
    }
    if (note !== undefined) return verifyAgainst(text.value, { note, vkey, witnesses });
    const { events, head } = verified.value;
    return answer(
      { valid: true, events, head },
      facts([
        ["valid", `${events} events, no gap, every hash follows from the one before`],
        ["head", `${head.seq}-${head.hash}`],
      ]),
    );
  },
};

export const traceReplay: Command = {
  usage: REPLAY_USAGE,
  summary: "rebuild the state at one seq or time, offline",
  async run(context) {
    const args = readArgs(context, REPLAY_USAGE, ["FILE"], { at: { type: "string" } });
    if (!args.ok) return args;
    const at = readPoint(args.value.values.at ?? "");
    if (at === null)
      return usageError(
        REPLAY_USAGE,
        "--at is a seq, or a time as events have it, with milliseconds",
      );
    const [file = ""] = args.value.positionals;
    const events = readTrace(file);
    if (!events.ok) return events;
    const replayed = replayTrace(events.value, at);
    if (!replayed.ok) {
      const message = `cannot replay to ${at}: ${JSON.stringify(replayed.error)}`;
      const next = `sekisho trace verify ${file}`;
      return err({ exit: 1, message, next, facts: replayed.error });
    }
    const { view, stateHash, head } = replayed.value;
    return answer(
      { view, stateHash, head },
      facts([
        ["mission", `${view.title} (${view.id})`],
        ["at", `seq ${head.seq}`],
        ["state", view.state],
        ["nodes", view.nodes.map((node) => `${node.id} ${node.state}`).join("\n")],
        ["state hash", stateHash],
      ]),
    );
  },
};

export const traceCertify: Command = {
  usage: CERTIFY_USAGE,
  summary: "decide a whole mission again from its recorded inputs, offline",
  async run(context) {
    const args = readArgs(context, CERTIFY_USAGE, ["FILE"], {
      jwks: { type: "string" },
      approvers: { type: "string" },
      verifiers: { type: "string" },
      "rules-min": { type: "string" },
    });
    if (!args.ok) return args;
    const options = readCertifyOptions(args.value.values);
    if (!options.ok) return options;
    const [file = ""] = args.value.positionals;
    const events = readTrace(file);
    if (!events.ok) return events;
    const certifier = createCertifier(options.value);
    certifier.push(events.value);
    const found = certifier.finish();
    if (!found.certified) {
      const { seq, member, recorded, recomputed } = found;
      const message = `not certified: seq ${seq} differs at ${member}: recorded ${recorded ?? "nothing"}, comes out as ${recomputed ?? "nothing"}`;
      return err({
        exit: 1,
        message,
        next: `sekisho trace replay ${file} --at ${Math.max(0, seq - 1)}`,
        facts: found,
      });
    }
    return answer(
      found,
      facts([
        ["certified", `the same state comes out of the recorded inputs of ${found.events} events`],
        ["gates", `${found.gates} asked again, ${found.unjudged} refusals not kept whole`],
        [
          "compared",
          found.exact ? "byte for byte" : "as an older trace: verdicts, codes, digests, states",
        ],
        ["approver keys", found.approverKeys],
        ["verifier keys", found.verifierKeys],
        ["state hash", found.stateHash],
        ["head", `${found.head.seq}-${found.head.hash}`],
      ]),
    );
  },
};

function readCertifyOptions(values: {
  readonly jwks?: string | undefined;
  readonly approvers?: string | undefined;
  readonly verifiers?: string | undefined;
  readonly "rules-min"?: string | undefined;
}): Result<CertifyOptions, Failure> {
  const ticketKeys = readTicketKeys(values.jwks);
  if (!ticketKeys.ok) return ticketKeys;
  const approverKeys = readKeysById(values.approvers, CERTIFY_USAGE);
  if (!approverKeys.ok) return approverKeys;
  const verifierKeys = readKeysById(values.verifiers, CERTIFY_USAGE);
  if (!verifierKeys.ok) return verifierKeys;
  const { "rules-min": rulesMin } = values;
  if (rulesMin !== undefined && !/^[1-9]\d{0,3}$/.test(rulesMin))
    return usageError(CERTIFY_USAGE, "--rules-min is a whole number, 1 or more");
  return ok({
    ...(ticketKeys.value && { ticketKeys: ticketKeys.value }),
    ...(approverKeys.value && { approverKeys: approverKeys.value }),
    ...(verifierKeys.value && { verifierKeys: verifierKeys.value }),
    ...(rulesMin !== undefined && { rulesMin: Number(rulesMin) }),
  });
}

/** The JWKS of the issuer, as `/.well-known/jwks.json` gives it. */
function readTicketKeys(
  file: string | undefined,
): Result<ReadonlyMap<string, PublicJwk> | null, Failure> {
  if (file === undefined) return ok(null);
  const read = readJsonInput(file);
  if (!read.ok) return read;
  const parsed = jwksSchema.safeParse(read.value);
  if (!parsed.success) return usageError(CERTIFY_USAGE, `${file} is no JWKS`);
  return ok(new Map(parsed.data.keys.map((key) => [key.kid ?? jwkThumbprint(key), key])));
}

/** Reads an exported trace and verifies it, so that nothing falsified is ever replayed. */
function readTrace(file: string): Result<readonly TraceEvent[], Failure> {
  const text = readInput(file);
  if (!text.ok) return text;
  const verified = verifyTraceText(text.value);
  if (!verified.ok) {
    const { seq, reason } = verified.error;
    const message = `falsified at seq ${seq}: ${reason}`;
    return err({ exit: 1, message, next: `sekisho trace verify ${file}`, facts: verified.error });
  }
  const lines = text.value.split("\n").filter((line) => line !== "");
  return ok(lines.map((line) => JSON.parse(line) as TraceEvent));
}

/** A seq, or a moment: the state after the last event at or before it. */
function readPoint(text: string): number | string | null {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return isoToUnixMs(text) === null ? null : text;
}

/** `<seq>-<hash>`; undefined when not given, null when malformed. */
function readHead(text: string | undefined): { seq: number; hash: string } | undefined | null {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^"?(\d{1,15})-([0-9a-f]{64})"?$/.exec(text) ?? [];
  return seq === undefined || hash === undefined ? null : { seq: Number(seq), hash };
}
