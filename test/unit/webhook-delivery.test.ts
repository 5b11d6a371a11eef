/**
 * The webhooks consumer with a capturing Deps: who is told, what is sent, what is tried again and when, and
 * that one message's trouble stays its own.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { checkEgressUrl, parseEgressAllowList } from "../../shared/egress.ts";
import { ok } from "../../shared/result.ts";
import { verifyWebhook, WEBHOOK_ATTEMPTS_MAX } from "../../shared/webhook/index.ts";
import type { IncidentRecord } from "../../shared/wire/rpc.ts";
import { consumeWebhooks } from "../../worker/consumers/webhooks.ts";
import { iso, MISSION, ms, OTHER_MISSION, TEAM } from "../support/builders.ts";
import { queueMessage } from "../support/index-stories.ts";
import {
  DELIVERY,
  deliveryMessage,
  endpoint,
  eventMessage,
  SENDER_VERIFIER,
  webhookWorld,
  WHK_A,
  WHK_B,
} from "../support/webhook-world.ts";
import { REDIRECT_STATUSES } from "../support/ssrf-targets.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

const away = async (): Promise<never> => {
  throw new Error("team object away");
};

describe("an event", () => {
  it("becomes one delivery for each endpoint that asked for its type, under a stable id", async () => {
    const { deps, enqueued, acknowledged } = webhookWorld([
      endpoint(WHK_A),
      endpoint(WHK_B, { events: ["mission.completed"] }),
    ]);
    const first = eventMessage(9);
    const again = eventMessage(9);
    await consumeWebhooks([first], deps);
    await consumeWebhooks([again], deps);
    expect(enqueued.map((message) => message.endpointId)).toEqual([WHK_A, WHK_A]);
    expect(enqueued[0]).toEqual(enqueued[1]);
    expect(enqueued[0]).toMatchObject({ cause: "event", run: 0, attempt: 1 });
    expect(JSON.parse(enqueued[0]?.body ?? "")).toMatchObject({ subject: `${MISSION}/switch` });
    expect(acknowledged).toEqual([
      [MISSION, 9],
      [MISSION, 9],
    ]);
    expect([first.settled, again.settled]).toEqual([["ack"], ["ack"]]);
  });

  it("is told to each endpoint in the shape it asked for", async () => {
    const { deps, enqueued } = webhookWorld([
      endpoint(WHK_A),
      endpoint(WHK_B, { format: "slack" }),
    ]);
    await consumeWebhooks([eventMessage(9)], deps);
    const [event, chat] = enqueued.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(event).toMatchObject({ specversion: "1.0" });
    expect(Object.keys(chat ?? {})).toEqual(["text", "blocks"]);
    expect(enqueued.map(({ type }) => type)).toEqual([
      "sekisho.approval.requested",
      "sekisho.approval.requested",
    ]);
  });

  it("that nobody wants is acknowledged all the same", async () => {
    const { deps, enqueued, acknowledged } = webhookWorld([
      endpoint(WHK_A, { disabledAt: iso(5) }),
    ]);
    const message = eventMessage(9);
    await consumeWebhooks([message], deps);
    expect([enqueued, acknowledged, message.settled]).toEqual([[], [[MISSION, 9]], ["ack"]]);
  });

  it("that cannot be handed on holds the mission's cursor before it, and no other mission's", async () => {
    const { deps, acknowledged } = webhookWorld([endpoint(WHK_A)], {
      enqueue: async (message) => {
        if (message.body.includes(`"sequence":"5"`)) throw new Error("queue away");
      },
    });
    const messages = [
      eventMessage(7),
      eventMessage(5),
      eventMessage(3),
      eventMessage(6, "approval.requested", OTHER_MISSION),
    ];
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
  it("is one POST that verifies with the endpoint's key, and stands in the log", async () => {
    const { deps, posts, records } = webhookWorld([endpoint(WHK_A)]);
    const message = deliveryMessage({ attempt: 2 });
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
    expect(received.id).toBe(DELIVERY);
    expect(verifyWebhook(received, body, [SENDER_VERIFIER], ms(10)).ok).toBe(true);
    expect(message.settled).toEqual(["ack"]);
    expect(records).toEqual([
      {
        id: DELIVERY,
        endpointId: WHK_A,
        type: "sekisho.x",
        cause: "event",
        run: 0,
        attempt: 2,
        status: 204,
        outcome: "delivered",
        detail: "",
        excerpt: "",
        durationMs: 0,
        at: iso(10),
      },
    ]);
  });

  it("says how long the receiver took, and what it answered, without what we signed", async () => {
    let nowMs = ms(10);
    const { deps, records } = webhookWorld([endpoint(WHK_A)], {
      nowMs: () => nowMs,
      post: async (_url, headers) => {
        nowMs += 250;
        return { status: 500, text: `no\u0000 luck with ${headers["webhook-signature"] ?? ""}` };
      },
    });
    await consumeWebhooks([deliveryMessage()], deps);
    expect(records).toMatchObject([{ durationMs: 250, excerpt: "no luck with [hidden]" }]);
  });

  it.each([199, 400, 404, 410, 429, 500, 503, ...REDIRECT_STATUSES])(
    "answered %i is logged as failed and tried again later, as the next attempt",
    async (status) => {
      const { deps, records, enqueued, delays } = webhookWorld([endpoint(WHK_A)], {
        post: async () => ({ status, text: "" }),
      });
      const message = deliveryMessage({ attempt: 3 });
      await consumeWebhooks([message], deps);
      expect(records).toMatchObject([{ outcome: "failed", status, attempt: 3 }]);
      expect(enqueued).toEqual([{ ...(message.body as object), attempt: 4 }]);
      expect(delays).toEqual([330]);
      expect(message.settled).toEqual(["ack"]);
    },
  );

  it("without an answer is logged without a status and tried again", async () => {
    const { deps, records, delays } = webhookWorld([endpoint(WHK_A)], {
      post: async () => {
        throw new DOMException("secret-host:8443 timed out", "TimeoutError");
      },
    });
    await consumeWebhooks([deliveryMessage()], deps);
    expect(records).toMatchObject([{ outcome: "failed", status: null, detail: "TimeoutError" }]);
    expect(delays).toEqual([6]);
  });

  it("whose last attempt fails goes to the dead letters, and is not tried again", async () => {
    const { deps, enqueued, buried } = webhookWorld([endpoint(WHK_A)], {
      post: async () => ({ status: 500, text: "" }),
    });
    const message = deliveryMessage({ attempt: WEBHOOK_ATTEMPTS_MAX });
    await consumeWebhooks([message], deps);
    expect([enqueued, buried, message.settled]).toEqual([[], [message.body], ["ack"]]);
  });

  it.each(["redelivery", "test"] as const)(
    "that is a %s is made once, whatever the answer",
    async (cause) => {
      const { deps, enqueued, buried, records } = webhookWorld([endpoint(WHK_A)], {
        post: async () => ({ status: 500, text: "" }),
      });
      const message = deliveryMessage({ cause, run: cause === "test" ? 0 : 2 });
      await consumeWebhooks([message], deps);
      expect(records).toMatchObject([{ cause, outcome: "failed" }]);
      expect([enqueued, buried, message.settled]).toEqual([[], [], ["ack"]]);
    },
  );

  it("to an address that is not allowed is never posted", async () => {
    const { deps, posts, records } = webhookWorld([
      endpoint(WHK_A, { url: "http://169.254.169.254/" }),
    ]);
    await consumeWebhooks([deliveryMessage()], deps);
    expect(posts).toEqual([]);
    expect(records).toMatchObject([
      { outcome: "failed", detail: "address refused: scheme_refused", durationMs: null },
    ]);
  });

  it("to an endpoint that is gone, disabled, or another team's is dropped without a POST", async () => {
    const { deps, posts } = webhookWorld([endpoint(WHK_A, { disabledAt: iso(1) })]);
    const messages = [
      deliveryMessage(),
      deliveryMessage({ cause: "redelivery", run: 1 }),
      deliveryMessage({ endpointId: WHK_B }),
      deliveryMessage({ team: "rivals" }),
    ];
    await consumeWebhooks(messages, deps);
    expect(posts).toEqual([]);
    expect(messages.map((message) => message.settled)).toEqual(messages.map(() => ["ack"]));
  });

  it("to a disabled endpoint is posted when it is a test", async () => {
    const { deps, posts } = webhookWorld([endpoint(WHK_A, { disabledAt: iso(1) })]);
    await consumeWebhooks([deliveryMessage({ cause: "test" })], deps);
    expect(posts).toHaveLength(1);
  });

  it("that disables its endpoint shows the incident and is not tried again", async () => {
    const incident = { number: 7 } as IncidentRecord;
    const { deps, enqueued, shown } = webhookWorld([endpoint(WHK_A)], {
      post: async () => ({ status: 410, text: "" }),
      recordDelivery: async () => ({ disabled: incident }),
    });
    await consumeWebhooks([deliveryMessage()], deps);
    expect([shown, enqueued]).toEqual([[incident], []]);
  });
});

describe("a message that comes again", () => {
  it("after its attempt was recorded posts nothing, and goes on from there", async () => {
    const { deps, posts, enqueued } = webhookWorld([endpoint(WHK_A)], {
      post: async (url, headers, body) => {
        posts.push({ url: url.href, headers, body });
        return { status: 500, text: "" };
      },
    });
    await consumeWebhooks([deliveryMessage()], deps);
    await consumeWebhooks([deliveryMessage()], deps);
    expect(posts).toHaveLength(1);
    expect(enqueued.map(({ attempt }) => attempt)).toEqual([2, 2]);
  });

  it("after its delivery succeeded posts nothing, whichever attempt it is", async () => {
    const { deps, posts } = webhookWorld([endpoint(WHK_A)]);
    await consumeWebhooks([deliveryMessage({ attempt: 2 })], deps);
    await consumeWebhooks([deliveryMessage({ attempt: 2 })], deps);
    await consumeWebhooks([deliveryMessage({ attempt: 3 })], deps);
    expect(posts).toHaveLength(1);
  });

  it("in the same batch posts nothing the second time", async () => {
    const { deps, posts } = webhookWorld([endpoint(WHK_A)]);
    await consumeWebhooks([deliveryMessage(), deliveryMessage()], deps);
    expect(posts).toHaveLength(1);
  });

  it("as a redelivery posts under the same id once more", async () => {
    const { deps, posts } = webhookWorld([endpoint(WHK_A)]);
    await consumeWebhooks([deliveryMessage()], deps);
    await consumeWebhooks([deliveryMessage({ cause: "redelivery", run: 1 })], deps);
    expect(posts.map(({ headers }) => headers["webhook-id"])).toEqual([DELIVERY, DELIVERY]);
  });
});

describe("a fault of ours", () => {
  it.each([
    ["the endpoint cannot be read", { dispatch: away }],
    ["the key cannot be made", { signers: away }],
    ["the log cannot be written", { recordDelivery: away }],
    [
      "the next attempt cannot be enqueued",
      { enqueue: away, post: async () => ({ status: 500, text: "" }) },
    ],
    [
      "the incident cannot be shown",
      { showIncident: away, recordDelivery: async () => ({ disabled: {} as IncidentRecord }) },
    ],
  ])("leaves the message to its queue: %s", async (_what, overrides) => {
    const { deps } = webhookWorld([endpoint(WHK_A)], overrides);
    const message = deliveryMessage();
    await consumeWebhooks([message], deps);
    expect(message.settled).toEqual([5]);
  });
});

describe("a batch", () => {
  it("with poison in it retries the poison and settles the rest", async () => {
    const { deps, posts } = webhookWorld([endpoint(WHK_A)]);
    const poison = [
      null,
      7,
      "x",
      { kind: "event" },
      { kind: "delivery", team: TEAM },
      { ...(deliveryMessage().body as object), attempt: WEBHOOK_ATTEMPTS_MAX + 1 },
    ].map((body) => queueMessage(body, 2));
    const good = deliveryMessage();
    await consumeWebhooks([...poison, good], deps);
    expect(poison.map((message) => message.settled)).toEqual(poison.map(() => [20]));
    expect(good.settled).toEqual(["ack"]);
    expect(posts).toHaveLength(1);
  });

  it("takes a message from before attempts were counted as a first one", async () => {
    const { deps, records } = webhookWorld([endpoint(WHK_A)]);
    const body = {
      kind: "delivery",
      team: TEAM,
      endpointId: WHK_A,
      deliveryId: DELIVERY,
      body: "{}",
    };
    await consumeWebhooks([queueMessage(body)], deps);
    expect(records).toMatchObject([{ attempt: 1, run: 0, cause: "event", type: "unknown" }]);
  });
});

it("every address the tests allow is one the egress rules allow", () => {
  expect(checkEgressUrl("https://hooks.example.com/in", parseEgressAllowList(""))).toEqual(
    ok(new URL("https://hooks.example.com/in")),
  );
});
