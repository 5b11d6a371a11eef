/**
 * A stream's pure half: the window of a connection, what an outline leaves out, and server-sent events through
 * any cut of their bytes.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import {
  acknowledge,
  type Connection,
  createSseReader,
  finish,
  openConnection,
  outlineOf,
  parseSeq,
  roomOf,
  sentOne,
  SSE_HEARTBEAT,
  sseEnd,
  sseEvent,
  sseRetry,
} from "../../shared/stream/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";

const NOW = 1_700_000_000_000;

function afterSending(count: number, bytes = 1, at = NOW): Connection {
  let connection = openConnection("event", -1, NOW);
  for (let seq = 0; seq < count; seq += 1) connection = sentOne(connection, { seq, bytes }, at);
  return connection;
}

describe("a connection", () => {
  it("takes a window of events before it needs an acknowledgement", () => {
    expect(roomOf(openConnection("event", -1, NOW))).toBe(LIMITS.streamWindowEventsMax);
    expect(roomOf(afterSending(LIMITS.streamWindowEventsMax - 1))).toBe(1);
    expect(roomOf(afterSending(LIMITS.streamWindowEventsMax))).toBe(0);
  });

  it("takes a window of bytes, of which one event may overrun the end", () => {
    expect(roomOf(afterSending(1, LIMITS.streamWindowBytesMax - 1))).toBeGreaterThan(0);
    expect(roomOf(afterSending(1, LIMITS.streamWindowBytesMax))).toBe(0);
  });

  it("has room again when the last event sent is acknowledged, and only then", () => {
    const full = afterSending(LIMITS.streamWindowEventsMax);
    expect(acknowledge(full, full.sent - 1)).toBe(full);
    const empty = acknowledge(full, full.sent);
    expect(empty && roomOf(empty)).toBe(LIMITS.streamWindowEventsMax);
    expect(empty?.fullSince).toBeNull();
    expect(acknowledge(full, full.sent + 1)).toBeNull();
  });

  it("ends as behind when its window stays full, and as old after its hour", () => {
    const full = afterSending(LIMITS.streamWindowEventsMax, 1, NOW);
    expect(finish(full, NOW + LIMITS.streamSilenceMs - 1)).toBeNull();
    expect(finish(full, NOW + LIMITS.streamSilenceMs)).toBe("behind");
    const idle = openConnection("outline", 7, NOW);
    expect(finish(idle, NOW + LIMITS.streamConnectionMs - 1)).toBeNull();
    expect(finish(idle, NOW + LIMITS.streamConnectionMs)).toBe("renew");
  });
});

describe("an outline", () => {
  it("holds nothing of actor, data, evidence, reasons, signatures and hashes", () => {
    const event = {
      seq: 4,
      missionId: "msn",
      nodeId: "pay",
      type: "gate.evaluated",
      actor: { kind: "agent", id: "SECRET" },
      at: "2026-01-01T00:00:00.000Z",
      stateBefore: "READY",
      stateAfter: "BLOCKED",
      evidenceHash: "SECRET",
      approvalSignature: "SECRET",
      gateResult: { verdict: "pause", score: 1, reasons: [{ detail: "SECRET" }], gates: [] },
      policyVersion: "SECRET",
      data: { args: "SECRET" },
      prevHash: "SECRET",
      hash: "SECRET",
    } as unknown as TraceEvent;
    const outline = outlineOf(event);
    expect(outline).toMatchObject({ seq: 4, nodeId: "pay", verdict: "pause" });
    expect(JSON.stringify(outline)).not.toContain("SECRET");
  });
});

describe("a seq", () => {
  it.each(["-1", "0", "7", "999999999999999"])("is %s", (text) => {
    expect(String(parseSeq(text))).toBe(text);
  });

  it.each(["", " 1", "1 ", "+1", "01", "-0", "-2", "1.0", "1e3", "0x1", "١", "1".repeat(16)])(
    "is not %j",
    (text) => {
      expect(parseSeq(text)).toBeNull();
    },
  );
});

describe("server-sent events", () => {
  const json = fc.json({ stringUnit: "binary" }).map((text) => JSON.stringify(JSON.parse(text)));

  it("come out as they went in, wherever the text is cut", () => {
    fc.assert(
      fc.property(
        fc.array(json, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (datas, cuts) => {
          const text = [
            sseRetry(1_000),
            ...datas.map((data, seq) => sseEvent(seq, "node.ready", data) + SSE_HEARTBEAT),
            sseEnd("ended"),
          ].join("");
          const reader = createSseReader();
          const messages = [];
          for (let at = 0; at < text.length;) {
            const to = at + (cuts.next().value ?? 1);
            messages.push(...reader.push(text.slice(at, to)));
            at = to;
          }
          const last = datas.length === 0 ? "" : String(datas.length - 1);
          expect(messages).toEqual([
            ...datas.map((data, seq) => ({ id: String(seq), event: "node.ready", data })),
            { id: last, event: "end", data: '{"reason":"ended"}' },
          ]);
          expect(reader.retryMs()).toBe(1_000);
        },
      ),
    );
  });

  it("may end their lines in any of the three ways, also across a cut", () => {
    const reader = createSseReader();
    const pieces = ["id: 1\r", "\ndata: a\rdata: b\n\r", "\n", "data: c\r\n\r\n"];
    expect(pieces.flatMap((piece) => reader.push(piece))).toEqual([
      { id: "1", event: "message", data: "a\nb" },
      { id: "1", event: "message", data: "c" },
    ]);
  });

  it("that break off in a message bring nothing of it", () => {
    const reader = createSseReader();
    expect(reader.push(sseEvent(1, "x", "{}").slice(0, -1))).toEqual([]);
  });
});
