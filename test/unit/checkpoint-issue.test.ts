/**
 * What follows the end of a mission: the same checkpoint however often the queue repeats itself, an incident
 * for a second root, nothing signed for a broken mission, and no acknowledgement before it is done.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createKeyPair } from "../../scripts/local/keys.ts";
import {
  createMerkleTree,
  hashToHex,
  hexToHash,
  leafHash,
  signCheckpoint,
  type LogHead,
} from "../../shared/log/index.ts";
import { err, ok } from "../../shared/result.ts";
import type { WebhookEventMessage } from "../../shared/wire/message.ts";
import {
  isEnding,
  issueCheckpoint,
  type CheckpointDeps,
} from "../../worker/consumers/checkpoint.ts";
import { consumeWebhooks } from "../../worker/consumers/webhooks.ts";
import { iso, MISSION, TEAM } from "../support/builders.ts";
import { queueMessage } from "../support/index-stories.ts";
import { endpoint, webhookWorld, WHK_A } from "../support/webhook-world.ts";

const KEY = createKeyPair();
const ENDED: WebhookEventMessage = {
  kind: "event",
  team: TEAM,
  missionId: MISSION,
  seq: 4,
  hash: "ab".repeat(32),
  type: "mission.completed",
  at: iso(9),
  nodeId: null,
  data: { nodes: ["a"] },
};

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

/** A mission's log of twenty entries, and a team's log that remembers what it was given. */
function world(overrides: Partial<CheckpointDeps> = {}) {
  const mission = createMerkleTree();
  for (let n = 0; n < 20; n += 1) mission.append(leafHash(`event ${n}`));
  const entries: string[] = [];
  const incidents: string[] = [];
  const sign = (origin: string, { size, root }: LogHead) => {
    const hash = hexToHash(root) ?? new Uint8Array(32);
    const checkpoint = { origin, size, root: hash, extensions: [] };
    return { origin, note: signCheckpoint(checkpoint, "api.sekisho.test", KEY) };
  };
  const deps: CheckpointDeps = {
    head: async (_key, size) => ok({ size, root: hashToHex(mission.root(size)), at: iso(9) }),
    enter: async (_team, entry) => {
      const text = JSON.stringify(entry);
      if (!entries.includes(text)) entries.push(text);
      const index = entries.indexOf(text);
      const tree = createMerkleTree();
      for (const each of entries.slice(0, index + 1)) tree.append(leafHash(each));
      return ok({ index, head: { size: index + 1, root: hashToHex(tree.root(index + 1)) } });
    },
    signMission: ({ missionId }, head) => sign(`api.sekisho.test/${TEAM}/${missionId}`, head),
    signTeam: (team, head) => sign(`api.sekisho.test/${team}/log`, head),
    vkey: () => "the vkey",
    openIncident: async (_team, { kind }) => void incidents.push(kind),
    ...overrides,
  };
  return { deps, entries, incidents };
}

describe("the end of a mission", () => {
  it("gives the same checkpoint again, also after others were entered", async () => {
    const { deps, entries } = world();
    const first = await issueCheckpoint(ENDED, deps);
    await issueCheckpoint({ ...ENDED, seq: 9, type: "mission.stopped" }, deps);
    expect(await issueCheckpoint(ENDED, deps)).toEqual(first);
    expect(entries).toHaveLength(2);
    expect(first).toMatchObject({
      type: "checkpoint.signed",
      seq: 4,
      data: { size: 5, vkey: "the vkey", log: { index: 0, size: 1 } },
    });
  });

  it("opens an incident and signs nothing when a second root is shown", async () => {
    const forked = err({ reason: "log_forked", logged: "a", offered: "b" } as const);
    const { deps, incidents } = world({ enter: async () => forked });
    expect(await issueCheckpoint(ENDED, deps)).toBeNull();
    expect(incidents).toEqual(["log_forked"]);
  });

  it("enters and signs nothing of a mission that is broken", async () => {
    const broken = err({ reason: "mission_broken", seq: 2, detail: "x" } as const);
    const { deps, entries } = world({ head: async () => broken });
    expect(await issueCheckpoint(ENDED, deps)).toBeNull();
    expect(entries).toEqual([]);
  });

  it.each(["mission.completed", "mission.stopped", "mission.sealed"])("is %s", (type) => {
    expect(isEnding(type)).toBe(true);
  });

  it.each(["mission.paused", "approval.requested", "checkpoint.signed"])("is not %s", (type) => {
    expect(isEnding(type)).toBe(false);
  });
});

describe("the webhooks consumer", () => {
  async function consume(event: WebhookEventMessage, checkpointDeps: CheckpointDeps) {
    const message = queueMessage(event);
    const { deps, enqueued, acknowledged } = webhookWorld([endpoint(WHK_A, { events: ["*"] })], {
      checkpoint: (ended) => issueCheckpoint(ended, checkpointDeps),
    });
    await consumeWebhooks([message], deps);
    const types = enqueued.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    const ids = enqueued.map(({ deliveryId }) => deliveryId);
    const seqs = acknowledged.map(([, seq]) => seq);
    return { types, ids, acknowledged: seqs, settled: message.settled };
  }

  it("sends the checkpoint behind the ending event, under an id of its own that stays", async () => {
    const { deps } = world();
    const [first, again] = [await consume(ENDED, deps), await consume(ENDED, deps)];
    expect(first.types).toEqual(["sekisho.mission.completed", "sekisho.checkpoint.signed"]);
    expect(new Set(first.ids).size).toBe(2);
    expect(again).toEqual(first);
    expect(first.acknowledged).toEqual([4]);
  });

  it("acknowledges no end whose checkpoint could not be made, and tries again", async () => {
    const { deps } = world({
      enter: async () => {
        throw new Error("the team's object is away");
      },
    });
    const { acknowledged, settled } = await consume(ENDED, deps);
    expect([acknowledged, settled]).toEqual([[], [5]]);
  });

  it("makes no checkpoint of any other event", async () => {
    const { deps, entries } = world();
    const { types } = await consume({ ...ENDED, type: "approval.requested" }, deps);
    expect([types, entries]).toEqual([["sekisho.approval.requested"], []]);
  });
});
