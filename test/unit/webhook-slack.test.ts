/** The chat message of an event: plain words, no markup of strangers, nothing that decides. */
import { describe, expect, it } from "vitest";
import { shortDigest } from "../../shared/approval/index.ts";
import { webhookBodyIn, webhookTestBody, type WebhookEvent } from "../../shared/webhook/index.ts";
import { iso, MISSION } from "../support/builders.ts";
import { storyOf } from "../support/index-stories.ts";

const ORIGIN = "https://api.sekisho.test";
const requested = storyOf().find((event) => event.type === "approval.requested");
if (!requested) throw new Error("the story asks for an approval");
const REQUESTED: WebhookEvent = requested;

interface Message {
  readonly text: string;
  readonly blocks: readonly Record<string, unknown>[];
}

const messageOf = (event: WebhookEvent) =>
  JSON.parse(webhookBodyIn("slack", event, ORIGIN, 100_000)) as Message;

/** Every text object of a message. */
function textsOf(value: unknown): { type: string; text: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const own = value as { type?: unknown; text?: unknown };
  const isText = typeof own.type === "string" && typeof own.text === "string";
  return [
    ...(isText ? [own as { type: string; text: string }] : []),
    ...Object.values(value).flatMap(textsOf),
  ];
}

describe("an approval request", () => {
  it("says who asks for what, the risk, the people, the deadline, the short digest, and where to read", () => {
    const data = REQUESTED.data as { statement: { gateDigest: string }; deadlineAt: string };
    const texts = textsOf(messageOf(REQUESTED)).map(({ text }) => text);
    expect(texts).toContain(REQUESTED.data["summary"]);
    expect(texts.join("\n")).toMatch(/Agent \S+ asks to perform vendor\.switch/);
    expect(texts).toContain("Action: vendor.switch");
    expect(texts).toContain("Risk: 3 of 4");
    expect(texts).toContain("Asked: 1 person");
    expect(texts).toContain(`Until: ${data.deadlineAt}, then it is denied`);
    expect(texts).toContain(`Digest: ${shortDigest(data.statement.gateDigest)}`);
    const page = `${ORIGIN}/console/inbox/${MISSION}/switch`;
    expect(texts).toContain(`<${page}|Read and decide in the console. Compare the digest there.>`);
  });

  it("has nothing to click but that one link, and never the whole digest", () => {
    const body = webhookBodyIn("slack", REQUESTED, ORIGIN, 100_000);
    const { blocks } = JSON.parse(body) as Message;
    expect(blocks.map(({ type }) => type)).toEqual(["header", "section", "section", "context"]);
    expect(body.match(/<https/g)).toHaveLength(1);
    expect(body).not.toContain((REQUESTED.data["statement"] as { gateDigest: string }).gateDigest);
  });

  it("shows what an agent wrote as plain text, so no markup of its own can pose or call", () => {
    const hostile = "<https://evil.example/approve|Approve> <!channel> *ok* & more";
    const event = { ...REQUESTED, data: { ...REQUESTED.data, title: hostile, summary: hostile } };
    const message = messageOf(event);
    const markup = textsOf(message.blocks).filter(({ type }) => type === "mrkdwn");
    expect(markup).toHaveLength(1);
    expect(markup[0]?.text).not.toContain("evil");
    expect(message.text).not.toMatch(/[<>]/);
    expect(message.text).toContain("&lt;!channel&gt; *ok* &amp; more");
  });

  it("stays within what chats take, whatever the event holds", () => {
    const long = "x".repeat(20_000);
    const message = messageOf({
      ...REQUESTED,
      data: { ...REQUESTED.data, title: long, summary: `${"😀".repeat(5_000)}` },
    });
    for (const { text } of textsOf(message)) expect(text.length).toBeLessThanOrEqual(3_000);
    const header = message.blocks[0]?.["text"] as { text: string };
    expect(header.text.length).toBeLessThanOrEqual(150);
    expect(JSON.stringify(message).isWellFormed()).toBe(true);
  });

  it.each([
    ["cut off on the way", { truncated: true }],
    ["of an unexpected shape", { ...REQUESTED.data, risk: "high" }],
    [
      "with a digest that is none",
      { ...REQUESTED.data, statement: { nodeId: "x", gateDigest: "0" } },
    ],
  ])("%s is still told, without its details", (_what, data) => {
    const { text, blocks } = messageOf({ ...REQUESTED, data } as WebhookEvent);
    expect(text).toContain(`approval.requested: ${MISSION}, node switch.`);
    expect(blocks.map(({ type }) => type)).toEqual(["header", "section", "context"]);
  });
});

describe("any other event", () => {
  it("is one line and a link to its mission", () => {
    const event = { ...REQUESTED, type: "mission.completed", nodeId: null, data: {} };
    expect(messageOf(event).text).toBe(
      `mission.completed: ${MISSION}. ${ORIGIN}/console/missions/${MISSION}`,
    );
  });
});

describe("a test", () => {
  it("has the shape of the endpoint's other messages", () => {
    const body = (format: "cloudevents" | "slack") =>
      JSON.parse(webhookTestBody(format, "whk_1", "msg_1", iso(0), ORIGIN)) as object;
    expect(body("cloudevents")).toMatchObject({ specversion: "1.0", type: "sekisho.webhook.test" });
    expect(Object.keys(body("slack"))).toEqual(["text", "blocks"]);
  });
});
