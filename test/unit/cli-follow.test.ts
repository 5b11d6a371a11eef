/** Following a stream from the command line: it loses and repeats nothing over any number of connections. */
import { describe, expect, it } from "vitest";
import { followStream } from "../../scripts/cli/follow.ts";
import { err, ok } from "../../shared/result.ts";
import { sseEnd, sseEvent, sseRetry } from "../../shared/stream/index.ts";

const CLIENT = { url: "http://sekisho.test" };
const GONE = err({ reason: "unreachable", detail: "connection refused" });
const event = (seq: number) => sseEvent(seq, "node.ready", JSON.stringify({ seq }));
const stream = (...parts: readonly string[]) =>
  ok(new Response(parts.join(""), { headers: { "content-type": "text/event-stream" } }));
const problem = (status: number, code: string) =>
  ok(Response.json({ status, code, title: code }, { status }));

/** Plays one answer for each connection, and says what was asked and printed. */
function play(answers: readonly (ReturnType<typeof stream> | typeof GONE)[]) {
  const asked: number[] = [];
  const printed: number[] = [];
  const waits: number[] = [];
  const deps = {
    open: async (after: number) => {
      asked.push(after);
      return answers[asked.length - 1] ?? GONE;
    },
    print: async (json: string) => void printed.push((JSON.parse(json) as { seq: number }).seq),
    wait: async (ms: number) => void waits.push(ms),
  };
  return { asked, printed, waits, deps };
}

describe("following", () => {
  it("prints up to the end, and stops there", async () => {
    const { deps, printed } = play([stream(event(0), event(1), sseEnd("ended"))]);
    expect(await followStream(CLIENT, -1, deps)).toEqual({ ok: true, value: null });
    expect(printed).toEqual([0, 1]);
  });

  it("goes on from the last whole event when a connection breaks off", async () => {
    const { deps, asked, printed } = play([
      stream(event(0), event(1), event(2).slice(0, 20)),
      GONE,
      problem(503, "unavailable"),
      problem(429, "stream_full"),
      stream(event(2), sseEnd("ended")),
    ]);
    expect(await followStream(CLIENT, -1, deps)).toMatchObject({ ok: true });
    expect(asked).toEqual([-1, 1, 1, 1, 1]);
    expect(printed).toEqual([0, 1, 2]);
  });

  it("waits as long as it is told, and longer the longer nothing comes", async () => {
    const quiet = () => stream(sseRetry(200));
    const answers = [quiet(), quiet(), quiet(), ok(new Response(null, { status: 204 }))];
    const { deps, waits } = play(answers);
    await followStream(CLIENT, -1, deps);
    expect(waits).toEqual([200, 400, 800]);
  });

  it("starts nowhere when nothing answers the first time", async () => {
    const { deps, asked } = play([]);
    expect(await followStream(CLIENT, 3, deps)).toMatchObject({ ok: false, error: { exit: 3 } });
    expect(asked).toEqual([3]);
  });

  it("ends with what the API refuses, also on the way", async () => {
    const { deps } = play([stream(event(0)), problem(401, "unauthenticated")]);
    expect(await followStream(CLIENT, -1, deps)).toMatchObject({ ok: false, error: { exit: 1 } });
  });

  it("gives up on an instance that stays away", async () => {
    const { deps, asked } = play([stream(event(0))]);
    expect(await followStream(CLIENT, -1, deps)).toMatchObject({ ok: false, error: { exit: 3 } });
    expect(asked.length).toBe(12);
  });
});
