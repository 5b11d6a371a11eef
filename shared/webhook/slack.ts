/**
 * The same event as a message for a chat that takes Slack's incoming-webhook shape: read there, decided
 * elsewhere. Refuses to carry anything to click that decides, and shows words of agents as plain text, where
 * no markup of theirs can pose as a link or call a channel. Specification: Slack Block Kit; docs/webhooks.md.
 */
import * as z from "zod";
import { shortDigest } from "../approval/index.ts";
import { cutText } from "./cut.ts";
import type { WebhookEvent } from "./event.ts";

/** Slack refuses a longer header, section or field. */
const HEADER_CHARS_MAX = 150;
const TEXT_CHARS_MAX = 2_000;

const approvalSchema = z.object({
  title: z.string(),
  summary: z.string(),
  risk: z.number(),
  deadlineAt: z.string(),
  requirement: z.object({ quorum: z.number(), group: z.string().nullish() }),
  action: z.object({ type: z.string() }).nullable(),
  statement: z.object({ nodeId: z.string(), gateDigest: z.string().regex(/^[0-9a-f]{64}$/) }),
});

/** The body as sent. What the event's data does not tell is left out; it never fails on odd data. */
export function slackBody(event: WebhookEvent, origin: string): string {
  const approval =
    event.type === "approval.requested" ? approvalSchema.safeParse(event.data) : null;
  return JSON.stringify(
    approval?.success === true
      ? approvalMessage(event, approval.data, origin)
      : plainMessage(event, origin),
  );
}

function approvalMessage(
  { missionId }: WebhookEvent,
  asked: z.output<typeof approvalSchema>,
  origin: string,
) {
  const { title, summary, risk, deadlineAt, requirement, action, statement } = asked;
  const { quorum, group } = requirement;
  const page = `${origin}/console/inbox/${missionId}/${encodeURIComponent(statement.nodeId)}`;
  const people = `${quorum} ${quorum === 1 ? "person" : "people"}${group ? ` of ${group}` : ""}`;
  const fields = [
    `Action: ${action?.type ?? "none"}`,
    `Risk: ${risk} of 4`,
    `Asked: ${people}`,
    `Until: ${deadlineAt}, then it is denied`,
    `Digest: ${shortDigest(statement.gateDigest)}`,
  ];
  return {
    text: escaped(`Approval asked: ${title}. Until ${deadlineAt}. ${page}`),
    blocks: [
      header(`Approval asked: ${title}`),
      { type: "section", text: plain(summary) },
      { type: "section", fields: fields.map((field) => plain(field)) },
      reading(page, "Read and decide in the console. Compare the digest there."),
    ],
  };
}

function plainMessage({ missionId, nodeId, type, at }: WebhookEvent, origin: string) {
  const page = `${origin}/console/missions/${missionId}`;
  const where = nodeId === null ? missionId : `${missionId}, node ${nodeId}`;
  return {
    text: escaped(`${type}: ${where}. ${page}`),
    blocks: [
      header(type),
      { type: "section", text: plain(`${where}, at ${at}`) },
      reading(page, "Read it in the console."),
    ],
  };
}

function header(text: string) {
  return { type: "header", text: plain(text, HEADER_CHARS_MAX) };
}

/** The only markup there is, and only our own words and address are in it. */
function reading(page: string, words: string) {
  return {
    type: "context",
    elements: [{ type: "mrkdwn", text: `<${escaped(page)}|${escaped(words)}>` }],
  };
}

function plain(text: string, charsMax = TEXT_CHARS_MAX) {
  return { type: "plain_text", emoji: false, text: cut(text, charsMax) } as const;
}

/** Slack refuses an empty text. */
function cut(text: string, charsMax: number): string {
  return text.trim() === "" ? "-" : cutText(text.toWellFormed(), charsMax);
}

/** `text` is read as markup; these three characters are all of its syntax that reaches outside. */
function escaped(text: string): string {
  return cut(text, TEXT_CHARS_MAX)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
