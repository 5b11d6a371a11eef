/**
 * The transparency logs over HTTP and through the real queues: checkpoints that verify with the published
 * key, proofs that verify against them, the team's log, the checkpoint webhook, and a journal changed under
 * a living object.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  auditTrace,
  hashToHex,
  hexToHash,
  leafHash,
  openCheckpoint,
  parseConsistencyText,
  parseInclusionText,
  parseVkey,
  teamLogLeaf,
  verifyConsistency,
  verifyInclusion,
  type Hash,
  type NoteKey,
} from "../../shared/log/index.ts";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { call, callerOf, expectStatus, openMission, send, setUpTeam } from "../support/api.ts";
import { bindings, freshTeam, insideTeam, teamObject } from "../support/team-world.ts";
import {
  checkpointSchema,
  consistencySchema,
  inclusionSchema,
  logEntrySchema,
  logKeySchema,
} from "../../shared/wire/log-views.ts";
import { pageSchema } from "../../shared/wire/api.ts";

const posts: { readonly url: string; readonly body: string }[] = [];

beforeEach(() => {
  posts.length = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    posts.push({ url, body: typeof init?.body === "string" ? init.body : "" });
    return new Response("ignored", { status: 200 });
  });
});

afterEach(() => vi.restoreAllMocks());

function hash(hex: string): Hash {
  const read = hexToHash(hex);
  if (read === null) throw new Error(`${hex} is no hash`);
  return read;
}

async function logKey(): Promise<NoteKey> {
  const answered = await expectStatus(send("/.well-known/sekisho-log.json"), 200);
  const { vkey, origins } = logKeySchema.parse(answered.body);
  expect(origins.team).toBe("api.sekisho.test/{team}/log");
  const key = parseVkey(vkey);
  if (!key.ok) throw new Error(key.error.detail);
  expect(key.value.name).toBe("api.sekisho.test");
  return key.value;
}

async function opened(note: string) {
  const checkpoint = openCheckpoint(note, await logKey());
  if (!checkpoint.ok) throw new Error(checkpoint.error.detail);
  const { origin, size, root } = checkpoint.value.checkpoint;
  return { origin, size, root: hashToHex(root) };
}

async function get(team: string, path: string, accept?: string) {
  const headers = accept === undefined ? {} : { accept };
  return call(callerOf(team, "auditor"), "GET", path, undefined, headers);
}

/** A mission with a few events. */
async function mission(team: string): Promise<string> {
  const id = await openMission(team);
  await call(callerOf(team, "agent"), "POST", `/v1/missions/${id}/nodes/decide/proposals`, {
    rationale: "x",
  });
  return id;
}

async function complete(team: string, id: string): Promise<void> {
  await expectStatus(
    call(callerOf(team, "agent"), "POST", `/v1/missions/${id}/nodes/decide/results`, {
      tests: [{ id: "done", passed: true }],
    }),
    200,
  );
}

async function traceOf(team: string, id: string): Promise<string> {
  const path = `/v1/missions/${id}/trace`;
  return (await expectStatus(get(team, path, "application/x-ndjson"), 200)).text;
}

async function teamWithMission() {
  const team = freshTeam();
  await setUpTeam(team);
  return { team, id: await mission(team) };
}

describe("a mission's checkpoint", () => {
  it("is a note of the published key that the exported trace is audited with", async () => {
    const { team, id } = await teamWithMission();
    const answered = await expectStatus(get(team, `/v1/missions/${id}/checkpoint`), 200);
    expect(answered.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const trace = await traceOf(team, id);
    const request = { trace, checkpoint: answered.text, logKey: await logKey(), witnessKeys: [] };
    const audited = auditTrace(request);
    expect(audited).toMatchObject({ ok: true, value: { uncovered: 0 } });
    expect((await opened(answered.text)).origin).toBe(`api.sekisho.test/${team}/${id}`);
    const bent = auditTrace({ ...request, trace: trace.replace("One decision", "One  decision") });
    expect(bent).toMatchObject({ ok: false, error: { seq: 0, reason: "hash_mismatch" } });
  });

  it("has the same facts as JSON, and is the same text every time", async () => {
    const { team, id } = await teamWithMission();
    const path = `/v1/missions/${id}/checkpoint`;
    const [text, again] = [await get(team, path), await get(team, path, "text/plain")];
    expect(again.text).toBe(text.text);
    const fields = checkpointSchema.parse((await get(team, path, "application/json")).body);
    expect(fields.checkpoint).toBe(text.text);
    const { origin, size, root } = fields;
    expect({ origin, size, root }).toEqual(await opened(text.text));
    const events = (await traceOf(team, id)).trim().split("\n");
    expect(size).toBe(events.length);
    expect(fields.at).toBe((JSON.parse(events.at(-1) ?? "") as { at: string }).at);
  });

  it("of an earlier size stays what it was when the mission goes on", async () => {
    const { team, id } = await teamWithMission();
    const before = await get(team, `/v1/missions/${id}/checkpoint`);
    const { size } = await opened(before.text);
    await complete(team, id);
    const after = await get(team, `/v1/missions/${id}/checkpoint?size=${size}`);
    expect(after.text).toBe(before.text);
    expect(
      (await opened((await get(team, `/v1/missions/${id}/checkpoint`)).text)).size,
    ).toBeGreaterThan(size);
  });

  it("is not given for a size the log does not have", async () => {
    const { team, id } = await teamWithMission();
    const paths = [
      "checkpoint?size=999",
      "proofs/inclusion?seq=999",
      "proofs/inclusion?seq=0&size=999",
      "proofs/inclusion?seq=0&size=0",
      "proofs/consistency?from=999",
      "proofs/consistency?from=2&to=1",
    ];
    for (const path of paths) {
      const refused = await get(team, `/v1/missions/${id}/${path}`);
      expect([path, refused.status, refused.body["code"]]).toEqual([
        path,
        422,
        "log_point_unknown",
      ]);
    }
    for (const path of [
      "checkpoint?size=-1",
      "checkpoint?size=1.5",
      "proofs/inclusion",
      "proofs/consistency",
      "checkpoint?x=1",
    ]) {
      const refused = await get(team, `/v1/missions/${id}/${path}`);
      expect([path, refused.body["code"]]).toEqual([path, "request_invalid"]);
    }
  });

  it("is the same after the object lost its memory", async () => {
    const { team, id } = await teamWithMission();
    const before = await expectStatus(get(team, `/v1/missions/${id}/checkpoint`), 200);
    const stub = bindings.MISSION.getByName(`${team}/${id}`);
    await evictDurableObject(stub as unknown as DurableObjectStub);
    expect((await get(team, `/v1/missions/${id}/checkpoint`)).text).toBe(before.text);
  });

  it("is not given when the journal was changed under the living object", async () => {
    const { team, id } = await teamWithMission();
    const stub = bindings.MISSION.getByName(`${team}/${id}`);
    await runInDurableObject(stub as unknown as DurableObjectStub, (_instance, { storage }) => {
      storage.sql.exec(
        "UPDATE journal SET events = replace(events, 'One decision', 'Two decisions')",
      );
    });
    const refused = await get(team, `/v1/missions/${id}/checkpoint`);
    expect([refused.status, refused.body["code"]]).toEqual([409, "mission_broken"]);
  });
});

describe("a mission's proofs", () => {
  it("of inclusion verify for every event, as JSON and as .tlog-proof", async () => {
    const { team, id } = await teamWithMission();
    const lines = (await traceOf(team, id)).trim().split("\n");
    for (const [seq, line] of lines.entries()) {
      const path = `/v1/missions/${id}/proofs/inclusion?seq=${seq}`;
      const {
        index,
        size,
        root,
        leafHash: leaf,
        proof,
        checkpoint,
      } = inclusionSchema.parse((await get(team, path)).body);
      expect(leaf).toBe(hashToHex(leafHash(line)));
      expect(verifyInclusion(hash(leaf), index, size, proof.map(hash), hash(root))).toBe(true);
      expect(await opened(checkpoint)).toMatchObject({ size, root });
      const text = parseInclusionText((await get(team, path, "text/plain")).text);
      expect(text).toEqual({ ok: true, value: { index: seq, proof: proof.map(hash), checkpoint } });
    }
  });

  it("of consistency verify between all sizes, as JSON and as add-checkpoint text", async () => {
    const { team, id } = await teamWithMission();
    const { length } = (await traceOf(team, id)).trim().split("\n");
    for (let from = 0; from <= length; from += 1) {
      const path = `/v1/missions/${id}/proofs/consistency?from=${from}`;
      const answer = consistencySchema.parse((await get(team, path)).body);
      const { to, fromRoot, toRoot, proof, checkpoint } = answer;
      expect(verifyConsistency(from, to, hash(fromRoot), hash(toRoot), proof.map(hash))).toBe(true);
      expect(await opened(checkpoint)).toMatchObject({ size: length, root: toRoot });
      const text = parseConsistencyText((await get(team, path, "text/plain")).text);
      expect(text).toEqual({ ok: true, value: { from, proof: proof.map(hash), checkpoint } });
    }
  });
});

describe("the team's log", () => {
  it("begins empty, and has an entry for a mission that ended, once", async () => {
    const { team, id } = await teamWithMission();
    const empty = checkpointSchema.parse(
      (await get(team, "/v1/log/checkpoint", "application/json")).body,
    );
    expect(empty.size).toBe(0);
    await complete(team, id);
    const page = await vi.waitFor(
      async () => {
        const read = pageSchema(logEntrySchema).parse((await get(team, "/v1/log/entries")).body);
        expect(read.items).toHaveLength(1);
        return read;
      },
      { timeout: 10_000 },
    );
    const [entry] = page.items;
    if (!entry) throw new Error("there is an entry");
    const own = await get(
      team,
      `/v1/missions/${id}/checkpoint?size=${entry.size}`,
      "application/json",
    );
    const { root, at } = checkpointSchema.parse(own.body);
    expect(entry).toEqual({ index: 0, missionId: id, size: entry.size, root, at });
    const again = await teamObject(team).appendLogEntry(entry);
    expect(again).toMatchObject({ ok: true, value: { index: 0, head: { size: 1 } } });
    const proven = inclusionSchema.parse(
      (await get(team, `/v1/log/proofs/inclusion?mission=${id}`)).body,
    );
    expect(proven.leafHash).toBe(hashToHex(leafHash(teamLogLeaf(entry))));
    expect(await opened(proven.checkpoint)).toEqual({
      origin: `api.sekisho.test/${team}/log`,
      size: 1,
      root: proven.root,
    });
  });

  it("proves entries and growth, refuses a second root for a size, and never changes a row", async () => {
    const team = freshTeam();
    const entry = (n: number, root = `${n}`.padStart(64, "0")) => ({
      missionId: `msn_017f22e2-79b0-7cc3-98c4-${n.toString(16).padStart(12, "0")}`,
      size: 5,
      root,
      at: "2026-11-21T00:00:00.000Z",
    });
    for (let n = 0; n < 9; n += 1) {
      const added = await teamObject(team).appendLogEntry(entry(n));
      expect(added).toMatchObject({ ok: true, value: { index: n, head: { size: n + 1 } } });
    }
    const forked = await teamObject(team).appendLogEntry(entry(3, "f".repeat(64)));
    expect(forked).toMatchObject({ ok: false, error: { reason: "log_forked" } });
    for (let index = 0; index < 9; index += 1) {
      const {
        size,
        root,
        leafHash: leaf,
        proof,
      } = inclusionSchema.parse((await get(team, `/v1/log/proofs/inclusion?index=${index}`)).body);
      expect(leaf).toBe(hashToHex(leafHash(teamLogLeaf(entry(index)))));
      expect(verifyInclusion(hash(leaf), index, size, proof.map(hash), hash(root))).toBe(true);
    }
    const grown = consistencySchema.parse(
      (await get(team, "/v1/log/proofs/consistency?from=4&to=7")).body,
    );
    const { fromRoot, toRoot, proof } = grown;
    expect(verifyConsistency(4, 7, hash(fromRoot), hash(toRoot), proof.map(hash))).toBe(true);
    for (const statement of ["DELETE FROM log_entry", "UPDATE log_entry SET size = 6"]) {
      await expect(insideTeam(team, ({ sql }) => void sql.exec(statement))).rejects.toThrow(
        "only grows",
      );
    }
  });

  it("pages its entries, and answers nothing that it does not have", async () => {
    const team = freshTeam();
    for (let n = 0; n < 3; n += 1) {
      await teamObject(team).appendLogEntry({
        missionId: `msn_017f22e2-79b0-7cc3-98c4-${n.toString(16).padStart(12, "0")}`,
        size: 1,
        root: "a".repeat(64),
        at: "2026-11-21T00:00:00.000Z",
      });
    }
    const entries = pageSchema(logEntrySchema);
    const first = entries.parse((await get(team, "/v1/log/entries?limit=2")).body);
    expect([first.items.length, first.nextCursor]).toEqual([2, "1"]);
    const rest = entries.parse(
      (await get(team, `/v1/log/entries?after=${first.nextCursor}&limit=2`)).body,
    );
    expect([rest.items.length, rest.nextCursor]).toEqual([1, null]);
    const never = "msn_01900000-0000-7000-8000-000000000000";
    for (const path of [
      "checkpoint?size=4",
      "proofs/inclusion?index=3",
      `proofs/inclusion?mission=${never}`,
      "proofs/consistency?from=4",
    ]) {
      expect((await get(team, `/v1/log/${path}`)).body["code"]).toBe("log_point_unknown");
    }
    for (const path of ["proofs/inclusion", `proofs/inclusion?index=0&mission=${never}`]) {
      expect((await get(team, `/v1/log/${path}`)).body["code"]).toBe("request_invalid");
    }
  });
});

describe("a mission that ends", () => {
  it("sends its checkpoint and the team's to whoever subscribed, to be held outside", async () => {
    const { team, id } = await teamWithMission();
    await call(callerOf(team, "admin"), "POST", "/v1/webhooks", {
      url: "https://hooks.example.com/in",
      events: ["checkpoint.signed"],
    });
    await complete(team, id);
    await vi.waitFor(() => expect(posts).toHaveLength(1), { timeout: 10_000 });
    const event = JSON.parse(posts[0]?.body ?? "") as { data: Record<string, unknown> };
    const data = event.data as {
      checkpoint: string;
      vkey: string;
      size: number;
      log: { checkpoint: string };
    };
    expect(event).toMatchObject({
      type: "sekisho.checkpoint.signed",
      source: `https://api.sekisho.test/v1/missions/${id}`,
      subject: id,
    });
    expect(await opened(data.checkpoint)).toMatchObject({ size: data.size });
    expect(await opened(data.log.checkpoint)).toMatchObject({ size: 1 });
    const trace = await traceOf(team, id);
    const audited = auditTrace({
      trace,
      checkpoint: data.checkpoint,
      logKey: await logKey(),
      witnessKeys: [],
    });
    expect(audited).toMatchObject({ ok: true, value: { uncovered: 0 } });
  });
});
