/**
 * `sekisho trace follow`: a mission's events as they are committed, until it ends. It connects again from the
 * last event it printed whenever the connection is lost, so nothing is missing and nothing comes twice.
 * Specification: docs/stream.md.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { err, ok, type Result } from "../../shared/result.ts";
import { createSseReader, parseSeq, type StreamedEvent } from "../../shared/stream/index.ts";
import {
  type ApiClient,
  clientOf,
  requireSuccess,
  toAnswer,
  type Unreachable,
} from "./api-client.ts";
import { type Command, type Failure, readArgs, usageError } from "./command.ts";

const FOLLOW_USAGE = "trace follow ID [--after SEQ]";

export const traceFollow: Command = {
  usage: FOLLOW_USAGE,
  summary: "print a mission's events as they happen, until it ends",
  async run(context) {
    const args = readArgs(context, FOLLOW_USAGE, ["ID"], { after: { type: "string" } });
    if (!args.ok) return args;
    const after = parseSeq(args.value.values.after ?? "-1");
    if (after === null) return usageError(FOLLOW_USAGE, "--after is a seq");
    const client = clientOf(context);
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const gone = new AbortController();
    // The reader of a pipe may leave first: that is an end like any other.
    process.stdout.once("error", () => gone.abort());
    const followed = await followStream(client, after, {
      open: (last) => client.open(`/v1/missions/${id}/stream?after=${last}`, gone.signal),
      async print(json) {
        const text = context.json ? json : lineOf(JSON.parse(json) as StreamedEvent);
        if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain", gone);
      },
      wait: async (ms) => sleep(ms),
    });
    return followed.ok || gone.signal.aborted ? ok({ kind: "raw", text: "" }) : followed;
  },
};

/** What following needs of the outside. */
export interface FollowDeps {
  /** One connection from behind this seq. */
  open(after: number): Promise<Result<Response, Unreachable>>;
  /** Returns when the event is out; called once an event, in order. */
  print(json: string): Promise<void>;
  wait(ms: number): Promise<void>;
}

/** Connections in a row that bring nothing before it gives up: a few minutes. */
const FAILURES_MAX = 10;
const WAIT_MS = 1_000;
const WAIT_MS_MAX = 30_000;

/** Follows to the mission's end. Errors: what the API refuses; exit 3 when it stays away. */
export async function followStream(
  client: Pick<ApiClient, "url">,
  after: number,
  deps: FollowDeps,
): Promise<Result<null, Failure>> {
  let last = after;
  let hasBegun = false;
  for (let failures = 0; ;) {
    const opened = await deps.open(last);
    if (opened.ok && opened.value.status === 204) return ok(null);
    const failure = await failureOf(client, opened);
    if (failure && (!hasBegun || !failure.mayPass || failures >= FAILURES_MAX))
      return err(failure.told);
    hasBegun = true;
    const read = opened.ok && !failure ? await readOn(opened.value, last, deps) : null;
    if (read?.isEnded) return ok(null);
    failures = read && read.last > last ? 0 : failures + 1;
    last = read?.last ?? last;
    if (failures > FAILURES_MAX) return err(silence(client, last));
    await deps.wait(
      Math.min((read?.retryMs ?? WAIT_MS) * 2 ** Math.max(0, failures - 1), WAIT_MS_MAX),
    );
  }
}

/** Why a connection was not given, and whether that may be over soon; null when it was. */
async function failureOf(
  client: Pick<ApiClient, "url">,
  opened: Result<Response, Unreachable>,
): Promise<{ readonly told: Failure; readonly mayPass: boolean } | null> {
  if (opened.ok && opened.value.ok) return null;
  const told = requireSuccess(client, opened.ok ? ok(await toAnswer(opened.value)) : opened);
  if (told.ok) return null;
  return {
    told: told.error,
    mayPass: told.error.exit === 3 || (opened.ok && opened.value.status === 429),
  };
}

function silence({ url }: Pick<ApiClient, "url">, last: number): Failure {
  const next = `sekisho trace follow ID --after ${last}`;
  return { exit: 3, message: `${url} lets nothing be followed any more`, next };
}

interface Read {
  readonly last: number;
  readonly isEnded: boolean;
  readonly retryMs: number | null;
}

/** Prints what one connection brings. It breaks off like it ends: only an `end` says that nothing follows. */
async function readOn(response: Response, after: number, deps: FollowDeps): Promise<Read> {
  const sse = createSseReader();
  const text = response.body?.pipeThrough(new TextDecoderStream());
  const pieces = text?.getReader();
  for (let last = after; ;) {
    const piece = await pieces?.read().catch(() => null);
    if (!piece || piece.done) return { last, isEnded: false, retryMs: sse.retryMs() };
    for (const message of sse.push(piece.value)) {
      if (message.event === "end") return { last, isEnded: true, retryMs: sse.retryMs() };
      await deps.print(message.data);
      last = Number(message.id);
    }
  }
}

function lineOf(event: StreamedEvent): string {
  const verdict = "verdict" in event ? event.verdict : (event.gateResult?.verdict ?? null);
  const { seq, at, type, nodeId, stateBefore, stateAfter } = event;
  const moved = stateBefore === stateAfter ? "" : `${stateBefore ?? "-"} -> ${stateAfter ?? "-"}`;
  const words = [String(seq).padStart(5), at, type.padEnd(22), nodeId ?? "", moved, verdict ?? ""];
  return words.filter((word) => word !== "").join("  ");
}
