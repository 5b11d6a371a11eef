/**
 * A whole trace, read as it streams in and checked in this browser by the same core that runs the mission: the hash
 * chain byte by byte, the state by folding, every decision by deciding it again, and the Merkle root against
 * the signed checkpoint. In stretches, so that the page stays alive. Believes nothing the server says about itself.
 */
import {
  createCertifier,
  createHistory,
  type Certification,
  type History,
} from "../../../shared/mission/index.ts";
import {
  createMerkleTree,
  hashToHex,
  leafHash,
  openCheckpoint,
  parseVkey,
  type MerkleTree,
} from "../../../shared/log/index.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import {
  EMPTY_HEAD,
  type Head,
  type TraceEvent,
  type TraceFlaw,
  verifyTraceText,
} from "../../../shared/trace/index.ts";
import { ask, askForStream, type Problem } from "../api.ts";

/** A trace as far as it makes sense, and what was found out about it. */
export interface LoadedTrace {
  readonly events: readonly TraceEvent[];
  readonly history: History;
  readonly tree: MerkleTree;
  /** The export itself, for saving. */
  readonly text: string;
  /** The first place where it is not what it claims to be; null: the whole chain holds. */
  readonly flaw: TraceFlaw | null;
  readonly certification: Certification | null;
}

/** What the signed checkpoint says of the trace that was loaded. */
export type CheckpointCheck =
  | {
      readonly kind: "equal";
      readonly size: number;
      readonly root: string;
      readonly signer: string;
    }
  | { readonly kind: "differs"; readonly detail: string };

/** Lines taken between two breaths of the page. */
const STRETCH_LINES = 200;

/** Reads and checks; `onProgress` hears how many events there are so far. */
export async function loadTrace(
  missionId: string,
  signal: AbortSignal,
  onProgress: (events: number) => void,
): Promise<Result<LoadedTrace, Problem>> {
  const address = `/v1/missions/${encodeURIComponent(missionId)}/trace`;
  const stream = await askForStream(address, "application/x-ndjson", signal);
  if (!stream.ok) return stream;
  const reading = startReading(missionId);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  try {
    // A reader, because not every browser can iterate a stream.
    const reader = stream.value.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      rest += decoder.decode(value, { stream: true });
      const end = rest.lastIndexOf("\n") + 1;
      await takeLines(reading, rest.slice(0, end), onProgress);
      rest = rest.slice(end);
    }
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    return err({
      status: 0,
      code: "unreachable",
      title: "The trace broke off",
      detail,
      errors: [],
    });
  }
  return ok(finish(reading, rest));
}

interface Reading {
  readonly missionId: string;
  readonly events: TraceEvent[];
  readonly history: History;
  readonly tree: MerkleTree;
  readonly certifier: ReturnType<typeof createCertifier>;
  readonly texts: string[];
  head: Head;
  flaw: TraceFlaw | null;
}

function startReading(missionId: string): Reading {
  return {
    missionId,
    events: [],
    history: createHistory(),
    tree: createMerkleTree(),
    certifier: createCertifier(),
    texts: [],
    head: EMPTY_HEAD,
    flaw: null,
  };
}

async function takeLines(
  reading: Reading,
  text: string,
  onProgress: (events: number) => void,
): Promise<void> {
  reading.texts.push(text);
  const lines = text.split("\n");
  for (let at = 0; at < lines.length && reading.flaw === null; at += STRETCH_LINES) {
    takeStretch(
      reading,
      lines.slice(at, at + STRETCH_LINES).filter((line) => line !== ""),
    );
    onProgress(reading.events.length);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function takeStretch(reading: Reading, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const { missionId, head } = reading;
  const verified = verifyTraceText(`${lines.join("\n")}\n`, { from: head, missionId });
  if (!verified.ok) {
    // What stands before the flaw is sound, and worth looking at.
    takeStretch(reading, lines.slice(0, verified.error.seq - head.seq - 1));
    reading.flaw ??= verified.error;
    return;
  }
  const events = lines.map((line) => JSON.parse(line) as TraceEvent);
  try {
    reading.history.push(events);
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    reading.flaw = { seq: reading.history.length(), reason: "event_malformed", detail };
    reading.events.push(...events.slice(0, reading.history.length() - reading.events.length));
    return;
  }
  for (const line of lines) reading.tree.append(leafHash(line));
  reading.certifier.push(events);
  reading.events.push(...events);
  reading.head = verified.value.head;
}

function finish(reading: Reading, rest: string): LoadedTrace {
  const { events, history, tree, certifier, texts, head } = reading;
  const torn = {
    seq: head.seq + 1,
    reason: "event_malformed",
    detail: "a torn last line",
  } as const;
  const flaw = reading.flaw ?? (rest === "" ? null : torn);
  const certification = flaw === null ? certifier.finish() : null;
  return { events, history, tree, text: texts.join(""), flaw, certification };
}

/** Asks for the newest checkpoint and compares its root with that of the events loaded. */
export async function checkCheckpoint(
  missionId: string,
  tree: MerkleTree,
): Promise<Result<CheckpointCheck, Problem>> {
  // At the size loaded: the mission may have gone on since.
  const address = `/v1/missions/${encodeURIComponent(missionId)}/checkpoint?size=${tree.size()}`;
  const answered = await ask<{ checkpoint: string; vkey: string }>(address);
  if (!answered.ok) return answered;
  const key = parseVkey(answered.value.vkey);
  if (!key.ok) return ok({ kind: "differs", detail: "the key of the checkpoint is none" });
  const opened = openCheckpoint(answered.value.checkpoint, key.value);
  if (!opened.ok)
    return ok({ kind: "differs", detail: `its signature does not hold: ${opened.error.reason}` });
  const { size, root, origin } = opened.value.checkpoint;
  if (origin.split("/").at(-1) !== missionId) {
    return ok({ kind: "differs", detail: `it is of another log, ${origin}` });
  }
  const signed = hashToHex(root);
  const computed = size <= tree.size() ? hashToHex(tree.root(size)) : null;
  if (signed !== computed) {
    return ok({
      kind: "differs",
      detail: `it signs root ${signed}, the events give ${computed ?? "fewer"}`,
    });
  }
  return ok({ kind: "equal", size, root: signed, signer: answered.value.vkey.split("+")[0] ?? "" });
}
