/**
 * The webhooks consumer with a capturing Deps: who is told, what is sent, what is tried again, what the
 * log says, and that one message's trouble stays its own.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { checkEgressUrl, parseEgressAllowList } from "../../shared/egress.ts";
import { ok } from "../../shared/result.ts";
import { verifyWebhook } from "../../shared/webhook/index.ts";
import type { WebhookDeliveryMessage } from "../../shared/wire/message.ts";
import type { DeliveryRecord, WebhookEndpoint } from "../../shared/wire/rpc.ts";
import { consumeDeadLetters, type DeadLetterDeps } from "../../worker/consumers/dead-letter.ts";
import { deriveWebhookKey } from "../../worker/consumers/webhook-key.ts";
import { consumeWebhooks, type WebhookDeps } from "../../worker/consumers/webhooks.ts";
import type { RaisedIncident } from "../../worker/read-model/project.ts";
import { iso, MISSION, ms, OTHER_MISSION, TEAM } from "../support/builders.ts";
import { messageOf, queueMessage, storyOf } from "../support/index-stories.ts";

const KEY = await deriveWebhookKey(`whsk_${Buffer.alloc(32, 7).toString("base64")}`);
const PUBLIC = { kty: "OKP", crv: "Ed25519", x: KEY.x } as const;
const WHK_A = "whk_017f22e2-79b0-7cc3-98c4-dc0c0c07398a";
const WHK_B = "whk_017f22e2-79b0-7cc3-98c4-dc0c0c07398b";
const HASH = "ab".repeat(32);

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

function endpoint(id: string, overrides: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    id,
    url: "https://hooks.example.com/in",
    events: ["approval.requested"],
    createdAt: iso(0),
    disabledAt: null,
    ...overrides,
  };
}

function world(endpoints: readonly WebhookEndpoint[], overrides: Partial<WebhookDeps> = {}) {
  const enqueued: WebhookDeliveryMessage[] = [];
  const acknowledged: [string, number][] = [];
  const records: DeliveryRecord[] = [];
  const posts: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = [];
  const deps: WebhookDeps = {
    endpoints: async (team) => (team === TEAM ? endpoints : []),
    checkpoint: async () => null,
    enqueue: async (message) => void enqueued.push(message),
    acknowledge: async ({ missionId }, seq) => void acknowledged.push([missionId, seq]),
    recordDelivery: async (_team, record) => void records.push(record),
    checkUrl: (url) => checkEgressUrl(url, parseEgressAllowList("")),
    post: async (url, headers, body) => {
      posts.push({ url: url.href, headers, body });
      return { status: 204 };
    },
    signingKey: async () => KEY,
    origin: "https://api.sekisho.test",
    nowMs: () => ms(10),
    random: () => 0.5,
    ...overrides,
  };
  return { deps, enqueued, acknowledged, records, posts };
}

function event(seq: number, type = "approval.requested", missionId = MISSION) {
  const base = { kind: "event", team: TEAM, missionId, seq, hash: HASH, type, at: iso(1) } as const;
  return queueMessage({ ...base, nodeId: "switch", data: { risk: 3 } });
}

function delivery(attempts = 1, endpointId = WHK_A, body = '{"type":"sekisho.x"}') {
  const deliveryId = `msg_${"0".repeat(32)}`;
  return queueMessage({ kind: "delivery", team: TEAM, endpointId, deliveryId, body }, attempts);
}

describe("an event", () => {
  it("becomes one delivery for each endpoint that asked for its type, under a stable id", async () => {
    const { deps, enqueued, acknowledged } = world([
      endpoint(WHK_A),
      endpoint(WHK_B, { events: ["mission.completed"] }),
    ]);
    const first = event(9);
    const again = event(9);
    await consumeWebhooks([first], deps);
    await consumeWebhooks([again], deps);
    expect(enqueued.map((message) => message.endpointId)).toEqual([WHK_A, WHK_A]);
    expect(enqueued[0]).toEqual(enqueued[1]);
    expect(JSON.parse(enqueued[0]?.body ?? "")).toMatchObject({ subject: `${MISSION}/switch` });
    expect(acknowledged).toEqual([
      [MISSION, 9],
      [MISSION, 9],
    ]);
    expect([first.settled, again.settled]).toEqual([["ack"], ["ack"]]);
  });

  it("that nobody wants is acknowledged all the same", async () => {
    const { deps, enqueued, acknowledged } = world([endpoint(WHK_A, { disabledAt: iso(5) })]);
    const message = event(9);
    await consumeWebhooks([message], deps);
    expect([enqueued, acknowledged, message.settled]).toEqual([[], [[MISSION, 9]], ["ack"]]);
  });

  it("that cannot be handed on holds the mission's cursor before it, and no other mission's", async () => {
    const { deps, acknowledged } = world([endpoint(WHK_A)], {
      enqueue: async (message) => {
        if (message.body.includes(`"sequence":"5"`)) throw new Error("queue away");
      },
    });
    const messages = [event(7), event(5), event(3), event(6, "approval.requested", OTHER_MISSION)];
    await consumeWebhooks(messages, deps);
    expect(new Map(acknowledged)).toEqual(
      new Map([
        [OTHER_MISSION, 6],
        [MISSION, 3],
      ]),
    );
    expect(messages.map((message) => message.settled)).toEqual([[5], [5], ["ack"], ["ack"]]);
  });
});

describe("a delivery", () => {
  it("is one POST that verifies with the published key, and stands in the log", async () => {
    const { deps, posts, records } = world([endpoint(WHK_A)]);
    const message = delivery(2);
    await consumeWebhooks([message], deps);
    expect(posts).toHaveLength(1);
    const { url, headers, body } = posts[0] ?? { url: "", headers: {}, body: "" };
    expect(url).toBe("https://hooks.example.com/in");
    expect(headers["content-type"]).toMatch(/^application\/cloudevents\+json/);
    const received = {
      id: headers["webhook-id"] ?? "",
      timestamp: headers["webhook-timestamp"] ?? "",
      signature: headers["webhook-signature"] ?? "",
    };
    expect(received.id).toBe(`msg_${"0".repeat(32)}`);
    expect(verifyWebhook(received, body, [PUBLIC], ms(10)).ok).toBe(true);
    expect(message.settled).toEqual(["ack"]);
    expect(records).toEqual([
      {
        id: `msg_${"0".repeat(32)}`,
        endpointId: WHK_A,
        type: "sekisho.x",
        attempt: 2,
        status: 204,
        outcome: "delivered",
        detail: "",
        at: iso(10),
      },
    ]);
  });

  it.each([199, 301, 302, 307, 400, 404, 410, 429, 500, 503])(
    "answered %i is logged as failed and tried again",
    async (status) => {
      const { deps, records } = world([endpoint(WHK_A)], { post: async () => ({ status }) });
      const message = delivery(3);
      await consumeWebhooks([message], deps);
      expect(records).toMatchObject([{ outcome: "failed", status, attempt: 3 }]);
      expect(message.settled).toEqual([80]);
    },
  );

  it("without an answer is logged without a status and tried again", async () => {
    const { deps, records } = world([endpoint(WHK_A)], {
      post: async () => {
        throw new DOMException("secret-host:8443 timed out", "TimeoutError");
      },
    });
    const message = delivery();
    await consumeWebhooks([message], deps);
    expect(records).toMatchObject([{ outcome: "failed", status: null, detail: "TimeoutError" }]);
    expect(message.settled).toEqual([5]);
  });

  it("to an address that is not allowed is never posted", async () => {
    const { deps, posts, records } = world([endpoint(WHK_A, { url: "http://169.254.169.254/" })]);
    const message = delivery();
    await consumeWebhooks([message], deps);
    expect(posts).toEqual([]);
    expect(records).toMatchObject([
      { outcome: "failed", detail: "address refused: scheme_refused" },
    ]);
    expect(message.settled).toEqual([5]);
  });

  it("to an endpoint that is gone, disabled, or another team's is dropped without a POST", async () => {
    const { deps, posts } = world([endpoint(WHK_A, { disabledAt: iso(1) })]);
    const messages = [delivery(1, WHK_A), delivery(1, WHK_B)];
    await consumeWebhooks(messages, deps);
    expect(posts).toEqual([]);
    expect(messages.map((message) => message.settled)).toEqual([["ack"], ["ack"]]);
  });

  it("whose log cannot be written is tried again", async () => {
    const { deps } = world([endpoint(WHK_A)], {
      recordDelivery: async () => {
        throw new Error("team object away");
      },
    });
    const message = delivery();
    await consumeWebhooks([message], deps);
    expect(message.settled).toEqual([5]);
  });
});

describe("a batch", () => {
  it("with poison in it retries the poison and settles the rest", async () => {
    const { deps, posts } = world([endpoint(WHK_A)]);
    const poison = [null, 7, "x", { kind: "event" }, { kind: "delivery", team: TEAM }].map((body) =>
      queueMessage(body, 2),
    );
    const good = delivery();
    await consumeWebhooks([...poison, good], deps);
    expect(poison.map((message) => message.settled)).toEqual(poison.map(() => [20]));
    expect(good.settled).toEqual(["ack"]);
    expect(posts).toHaveLength(1);
  });
});

describe("a dead letter", () => {
  function deadWorld(overrides: Partial<DeadLetterDeps> = {}) {
    const opened: [string, RaisedIncident][] = [];
    const deps: DeadLetterDeps = {
      isMissionKnown: async ({ team, missionId }) => team === TEAM && missionId === MISSION,
      isEndpointKnown: async (team, endpointId) => team === TEAM && endpointId === WHK_A,
      openIncident: async (team, incident) => void opened.push([team, incident]),
      operatorTeam: "operators",
      nowMs: () => ms(20),
      random: () => 0.5,
      ...overrides,
    };
    return { deps, opened };
  }
  const index = () => queueMessage(messageOf(storyOf(), -1, 3));
  const breach = () =>
    queueMessage({
      kind: "breach",
      team: TEAM,
      missionId: MISSION,
      seq: 3,
      detail: "x",
      at: iso(2),
    });
  const ticket = (team: string) =>
    queueMessage({
      kind: "ticket",
      team,
      missionId: MISSION,
      ticket: "a.b.c",
      action: { type: "vendor.switch", args: {} },
    });

  it.each([
    ["sekisho-index-dlq", index(), "DELIVERY_FAILED", MISSION],
    ["sekisho-index-dlq", breach(), "CHAIN_BROKEN", MISSION],
    ["sekisho-tickets-dlq", ticket(TEAM), "GATEWAY_FAILURE", MISSION],
    ["sekisho-webhooks-dlq", event(4), "DELIVERY_FAILED", MISSION],
    ["sekisho-webhooks-dlq", delivery(), "DELIVERY_FAILED", null],
  ])("of %s becomes an incident of the team that has what it names", async (...row) => {
    const [queue, message, reason, missionId] = row;
    const { deps, opened } = deadWorld();
    await consumeDeadLetters(queue, [message], deps);
    expect(opened).toMatchObject([
      [
        TEAM,
        { kind: "dead_letter", missionId, seq: null, reasonCodes: [reason], openedAt: iso(20) },
      ],
    ]);
    expect(message.settled).toEqual(["ack"]);
  });

  it.each([
    ["a team that has no such mission", ticket("rivals")],
    ["an endpoint nobody has", delivery(1, WHK_B)],
    ["nothing readable", queueMessage({ garbage: "\ud800" })],
    ["nothing at all", queueMessage(null)],
  ])("that names %s becomes the operators' incident", async (_what, message) => {
    const { deps, opened } = deadWorld();
    await consumeDeadLetters("sekisho-tickets-dlq", [message], deps);
    expect(opened).toMatchObject([
      ["operators", { missionId: null, severity: "high", kind: "dead_letter" }],
    ]);
    expect(opened[0]?.[1].summary.isWellFormed()).toBe(true);
    expect(message.settled).toEqual(["ack"]);
  });

  it("says the same of the same trouble, so that an outage is one incident and not one per message", async () => {
    const { deps, opened } = deadWorld();
    const messages = [
      index(),
      queueMessage(messageOf(storyOf(), 3, 9)),
      queueMessage("?"),
      queueMessage("?"),
    ];
    await consumeDeadLetters("sekisho-index-dlq", messages, deps);
    const summaries = opened.map(([, incident]) => incident.summary);
    expect(new Set(summaries).size).toBe(2);
  });

  it("stays in its queue until its incident stands", async () => {
    const { deps } = deadWorld({
      openIncident: async () => {
        throw new Error("D1 away");
      },
    });
    const message = index();
    await consumeDeadLetters("sekisho-index-dlq", [message], deps);
    expect(message.settled).toEqual([60]);
  });

  it("whose team cannot be asked stays in its queue", async () => {
    const { deps, opened } = deadWorld({
      isMissionKnown: async () => Promise.reject(new Error("away")),
    });
    const message = index();
    await consumeDeadLetters("sekisho-index-dlq", [message], deps);
    expect([opened, message.settled]).toEqual([[], [60]]);
  });
});

it("every address the tests allow is one the egress rules allow", () => {
  expect(checkEgressUrl("https://hooks.example.com/in", parseEgressAllowList(""))).toEqual(
    ok(new URL("https://hooks.example.com/in")),
  );
});
