/**
 * Tampering with an export of 64 events and with its checkpoint: every single bit, and every way to reorder,
 * drop, repeat, splice and hash again. Each is refused, at the first bad seq where the chain can tell, and by
 * the checkpoint where only a key can. Counts are asserted, so that no case goes missing unnoticed.
 */
import { describe, expect, test } from "vitest";
import { createKeyPair } from "../../scripts/local/keys.ts";
import {
  auditEntry,
  auditTrace,
  cosignNote,
  createMerkleTree,
  formatInclusionText,
  formatNote,
  leafHash,
  missionOrigin,
  noteKey,
  openCheckpoint,
  signCheckpoint,
} from "../../shared/log/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import {
  EMPTY_HEAD,
  encodeTrace,
  hashEvent,
  linkEvent,
  verifyTraceText,
  type EventDraft,
  type Head,
  type TraceEvent,
} from "../../shared/trace/index.ts";

const EVENTS = 64;
const HOST = "api.sekisho.test";
const MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
const OTHER_MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c073990";
const START_MS = 1_767_225_600_000;
const LOG = createKeyPair();
const LOG_KEY = noteKey(HOST, "signature", LOG);

function draft(n: number): EventDraft {
  return {
    nodeId: n % 5 === 0 ? null : `node-${n % 5}`,
    type: "gate.evaluated",
    actor: { kind: "agent", id: "agent-é" },
    at: unixMsToIso(START_MS + n * 1_000),
    stateBefore: "READY",
    stateAfter: n % 2 === 0 ? "RUNNING" : "BLOCKED",
    evidenceHash: n % 3 === 0 ? "ab".repeat(32) : null,
    approvalSignature: null,
    gateResult: {
      verdict: "pause",
      score: n / 7,
      reasons: [{ code: "APPROVAL_MISSING", gate: "approval", detail: "one of two" }],
      gates: [{ gate: "approval", verdict: "pause" }],
    },
    policyVersion: null,
    data: { n, list: [null, true, "x\n"] },
  };
}

function chain(missionId: string, drafts: readonly EventDraft[], from: Head = EMPTY_HEAD) {
  const events: TraceEvent[] = [];
  let head = from;
  for (const each of drafts) {
    const event = linkEvent(head, missionId, each);
    events.push(event);
    head = { seq: event.seq, hash: event.hash };
  }
  return events;
}

const drafts = Array.from({ length: EVENTS }, (_, n) => draft(n));
const events = chain(MISSION, drafts);
const lines = events.map((event) => encodeTrace([event]));
const exported = lines.join("");
const origin = missionOrigin(HOST, "acme", MISSION);

function checkpointOf(of: readonly string[], key = LOG, from = origin): string {
  const tree = createMerkleTree();
  for (const line of of) tree.append(leafHash(line.slice(0, -1)));
  const root = tree.root(tree.size());
  return signCheckpoint({ origin: from, size: tree.size(), root, extensions: [] }, HOST, key);
}

const checkpoint = checkpointOf(lines);

/** Why the trace or checkpoint is refused, with the seq where one is named; "accepted" otherwise. */
function verdict(trace: string, note = checkpoint): string {
  const audited = auditTrace({ trace, checkpoint: note, logKey: LOG_KEY, witnessKeys: [] });
  if (audited.ok) return "accepted";
  return "seq" in audited.error
    ? `${audited.error.reason} at ${audited.error.seq}`
    : audited.error.reason;
}

/** Where the chain alone finds fault; -1 where it does not. */
function firstBadSeq(trace: string, from?: Head): number {
  const verified = verifyTraceText(trace, from === undefined ? {} : { from });
  return verified.ok ? -1 : verified.error.seq;
}

function flipped(bytes: Uint8Array, bit: number): string {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return new TextDecoder().decode(copy);
}

test("the untouched export verifies against its checkpoint, and may go on behind it", () => {
  expect(verdict(exported)).toBe("accepted");
  const earlier = checkpointOf(lines.slice(0, 40));
  const audited = auditTrace({
    trace: exported,
    checkpoint: earlier,
    logKey: LOG_KEY,
    witnessKeys: [],
  });
  expect(audited).toMatchObject({ ok: true, value: { events: 64, uncovered: 24 } });
});

describe("a witness", () => {
  const OTHER = createKeyPair();
  const cosignedBy = (key: typeof LOG, name: string) => {
    const opened = openCheckpoint(checkpoint, LOG_KEY);
    if (!opened.ok) throw new Error(opened.error.reason);
    const { text, signatures } = opened.value.note;
    return formatNote({ text, signatures: [...signatures, cosignNote(text, name, key, 1)] });
  };
  const audit = (note: string, witness: ReturnType<typeof noteKey>) =>
    auditTrace({ trace: exported, checkpoint: note, logKey: LOG_KEY, witnessKeys: [witness] });

  test("with a key of its own counts", () => {
    const audited = audit(cosignedBy(OTHER, "w/1"), noteKey("w/1", "cosignature", OTHER));
    expect(audited).toMatchObject({ ok: true, value: { cosignedAt: [1] } });
  });

  test.each([
    ["the log's own signature", checkpoint, LOG_KEY],
    [
      "the log's key under another name",
      cosignedBy(LOG, "w/1"),
      noteKey("w/1", "cosignature", LOG),
    ],
  ])("is not %s", (_what, note, witness) => {
    expect(audit(note, witness)).toMatchObject({ ok: false, error: { reason: "note_unsigned" } });
  });
});

describe("one bit", () => {
  // A line is judged with the head before it and the line after it; what comes before is untouched.
  const groups = Array.from({ length: 8 }, (_, group) => ({ from: group * 8, to: group * 8 + 7 }));

  test.each(groups)(
    "of events $from to $to is found at its own seq",
    ({ from, to }) => {
      let flips = 0;
      const missed: string[] = [];
      for (let seq = from; seq <= to; seq += 1) {
        const before = events[seq - 1];
        const head = before === undefined ? EMPTY_HEAD : { seq: before.seq, hash: before.hash };
        const bytes = new TextEncoder().encode(lines[seq]);
        const next = lines[seq + 1] ?? "";
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          if (firstBadSeq(flipped(bytes, bit) + next, head) !== seq) missed.push(`${seq}:${bit}`);
          flips += 1;
        }
      }
      expect(missed).toEqual([]);
      const size = lines.slice(from, to + 1).join("");
      expect(flips).toBe(new TextEncoder().encode(size).length * 8);
      expect(flips).toBeGreaterThan(30_000);
    },
    60_000,
  );

  test("of the checkpoint makes it no checkpoint of this log", () => {
    const bytes = new TextEncoder().encode(checkpoint);
    const accepted = Array.from({ length: bytes.length * 8 }, (_, bit) => bit).filter(
      (bit) => verdict(exported, flipped(bytes, bit)) === "accepted",
    );
    expect(accepted).toEqual([]);
    expect(bytes.length * 8).toBeGreaterThan(1_500);
  }, 60_000);
});

describe("one bit of the proof that a single event is in the log", () => {
  const tree = createMerkleTree();
  for (const line of lines) tree.append(leafHash(line.slice(0, -1)));
  const shown = (proof: string) =>
    auditEntry({
      proof,
      entryAt: () => (lines[37] ?? "").slice(0, -1),
      logKey: LOG_KEY,
      witnessKeys: [],
    }).ok;

  test("spoils it", () => {
    const path = tree.inclusionProof(37, EVENTS);
    const proof = formatInclusionText({ index: 37, proof: path, checkpoint });
    expect(shown(proof)).toBe(true);
    const bytes = new TextEncoder().encode(proof);
    const accepted = Array.from({ length: bytes.length * 8 }, (_, bit) => bit).filter((bit) =>
      shown(flipped(bytes, bit)),
    );
    expect(accepted).toEqual([]);
    expect(bytes.length * 8).toBeGreaterThan(4_000);
  }, 60_000);
});

interface Case {
  readonly name: string;
  readonly trace: string;
  readonly note?: string;
  readonly expected: string;
}

const seqs = Array.from({ length: EVENTS }, (_, seq) => seq);
const forger = createKeyPair();

/** The trace with event `seq` changed and every hash from there on made to fit, as anybody can. */
function rehashedFrom(seq: number): readonly string[] {
  const before = events[seq - 1];
  const head = before === undefined ? EMPTY_HEAD : { seq: before.seq, hash: before.hash };
  const changed = drafts
    .slice(seq)
    .map((each, n) => (n === 0 ? { ...each, type: "node.done" } : each));
  const tail = chain(MISSION, changed, head).map((event) => encodeTrace([event]));
  return [...lines.slice(0, seq), ...tail];
}

function without(seq: number): string {
  return lines.toSpliced(seq, 1).join("");
}

const other = chain(OTHER_MISSION, drafts).map((event) => encodeTrace([event]));

const CASES: readonly Case[] = [
  ...seqs.slice(1).map((seq) => ({
    name: `events ${seq - 1} and ${seq} swapped`,
    trace: lines
      .with(seq - 1, lines[seq] ?? "")
      .with(seq, lines[seq - 1] ?? "")
      .join(""),
    expected: `seq_gap at ${seq - 1}`,
  })),
  ...seqs.slice(0, -1).map((seq) => ({
    name: `event ${seq} deleted`,
    trace: without(seq),
    expected: `seq_gap at ${seq}`,
  })),
  ...seqs.map((seq) => ({
    name: `cut off before event ${seq}`,
    trace: lines.slice(0, seq).join(""),
    expected: "behind_checkpoint",
  })),
  ...seqs.map((seq) => ({
    name: `event ${seq} repeated`,
    trace: lines.toSpliced(seq, 0, lines[seq] ?? "").join(""),
    expected: `seq_gap at ${seq + 1}`,
  })),
  ...seqs.map((seq) => ({
    name: `event ${seq} of another mission spliced in`,
    trace: lines.with(seq, other[seq] ?? "").join(""),
    expected: `mission_mismatch at ${seq}`,
  })),
  ...seqs.map((seq) => ({
    name: `torn in the middle of event ${seq}`,
    trace: lines.slice(0, seq).join("") + (lines[seq] ?? "").slice(0, 100),
    expected: `event_malformed at ${seq}`,
  })),
  ...seqs.map((seq) => ({
    name: `event ${seq} hashed again alone`,
    trace: lines.with(seq, encodeTrace([rehashedAlone(seq)])).join(""),
    expected: seq === EVENTS - 1 ? "root_mismatch" : `prev_hash_mismatch at ${seq + 1}`,
  })),
  ...seqs.map((seq) => ({
    name: `hashed again from event ${seq}`,
    trace: rehashedFrom(seq).join(""),
    expected: "root_mismatch",
  })),
  ...seqs.map((seq) => ({
    name: `hashed again from event ${seq}, with a checkpoint by another key`,
    trace: rehashedFrom(seq).join(""),
    note: checkpointOf(rehashedFrom(seq), forger),
    expected: "note_unsigned",
  })),
  ...seqs.map((seq) => ({
    name: `hashed again from event ${seq}, with the new root under the old signature`,
    trace: rehashedFrom(seq).join(""),
    note: grafted(checkpointOf(rehashedFrom(seq)), checkpoint),
    expected: "signature_invalid",
  })),
  ...seqs.slice(1).map((seq) => ({
    name: `cut off before event ${seq}, with the size and root of that under the old signature`,
    trace: lines.slice(0, seq).join(""),
    note: grafted(checkpointOf(lines.slice(0, seq)), checkpoint),
    expected: "signature_invalid",
  })),
  {
    name: "another mission's trace",
    trace: other.join(""),
    expected: "mission_mismatch at 0",
  },
  {
    name: "another mission's checkpoint",
    trace: exported,
    note: checkpointOf(other, LOG, missionOrigin(HOST, "acme", OTHER_MISSION)),
    expected: "mission_mismatch at 0",
  },
  {
    name: "a checkpoint for another host",
    trace: exported,
    note: checkpointOf(lines, LOG, missionOrigin("elsewhere.example", "acme", MISSION)),
    expected: "origin_mismatch",
  },
];

function rehashedAlone(seq: number): TraceEvent {
  const event = events[seq] ?? linkEvent(EMPTY_HEAD, MISSION, draft(0));
  const changed = { ...event, type: "node.done" };
  return { ...changed, hash: hashEvent(changed) };
}

/** The text of one note over the signatures of another. */
function grafted(text: string, signatures: string): string {
  return text.slice(0, text.indexOf("\n\n") + 2) + signatures.slice(signatures.indexOf("\n\n") + 2);
}

describe("a forgery", () => {
  test.each(CASES)("$name is refused", ({ trace, note, expected }) => {
    expect(verdict(trace, note)).toBe(expected);
  });

  test("has been tried in at least 380 ways", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(380);
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
  });

  test("that hashes everything again passes the chain, which is why there are checkpoints", () => {
    expect(seqs.map((seq) => firstBadSeq(rehashedFrom(seq).join("")))).toEqual(seqs.map(() => -1));
  });
});
