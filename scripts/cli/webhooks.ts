/**
 * `sekisho webhooks`: a team's endpoints and what was sent to them, for its admin. Secrets are printed by the
 * one answer that holds them and read from nowhere. Specification: docs/webhooks.md.
 */
import { clientOf, isRecord, itemsIn, requireSuccess } from "./api-client.ts";
import {
  answer,
  type Command,
  type Context,
  type Outcome,
  readArgs,
  usageError,
} from "./command.ts";
import { cell, facts, table } from "./print.ts";

const LIST_USAGE = "webhooks list";
const ADD_USAGE =
  "webhooks add URL --events TYPE,TYPE|* [--signature v1a|v1] [--format cloudevents|slack]";
const TEST_USAGE = "webhooks test ID";
const ROTATE_USAGE = "webhooks rotate ID [--overlap SECONDS]";
const DELIVERIES_USAGE = "webhooks deliveries ID [--limit N]";
const REDELIVER_USAGE = "webhooks redeliver ID DELIVERY";

export const webhooksList: Command = {
  usage: LIST_USAGE,
  summary: "the team's webhook endpoints",
  async run(context) {
    const args = readArgs(context, LIST_USAGE, [], {});
    if (!args.ok) return args;
    const client = clientOf(context);
    const listed = requireSuccess(client, await client.get("/v1/webhooks"));
    if (!listed.ok) return listed;
    const rows = itemsIn(listed.value.body).map((item) => [
      cell(item["id"]),
      item["disabledAt"] === null ? "enabled" : `disabled (${cell(item["disabledReason"])})`,
      cell(item["signature"]),
      cell(item["format"]),
      cell(item["events"]),
      cell(item["url"]),
    ]);
    const head = ["ID", "STATUS", "SIGNATURE", "FORMAT", "EVENTS", "URL"];
    return answer(listed.value.body, table(head, rows));
  },
};

export const webhooksAdd: Command = {
  usage: ADD_USAGE,
  summary: "add an endpoint; prints what its signatures are verified with",
  async run(context) {
    const args = readArgs(context, ADD_USAGE, ["URL"], {
      events: { type: "string" },
      signature: { type: "string" },
      format: { type: "string" },
    });
    if (!args.ok) return args;
    const { events, signature, format } = args.value.values;
    if (events === undefined) return usageError(ADD_USAGE, "--events names types, or *");
    const body = {
      url: args.value.positionals[0] ?? "",
      events: events.split(","),
      ...(signature === undefined ? {} : { signature }),
      ...(format === undefined ? {} : { format }),
    };
    return postAndShow(context, "/v1/webhooks", body);
  },
};

export const webhooksRotate: Command = {
  usage: ROTATE_USAGE,
  summary: "give an endpoint a new key; the one before signs beside it for a while",
  async run(context) {
    const args = readArgs(context, ROTATE_USAGE, ["ID"], { overlap: { type: "string" } });
    if (!args.ok) return args;
    const overlapSeconds = Number(args.value.values.overlap ?? "86400");
    if (!Number.isInteger(overlapSeconds)) {
      return usageError(ROTATE_USAGE, "--overlap is a whole number of seconds");
    }
    const path = `${pathOf(args.value.positionals[0])}/rotation`;
    return postAndShow(context, path, { overlapSeconds });
  },
};

export const webhooksTest: Command = {
  usage: TEST_USAGE,
  summary: "send an endpoint a test, once",
  async run(context) {
    const args = readArgs(context, TEST_USAGE, ["ID"], {});
    if (!args.ok) return args;
    const [id] = args.value.positionals;
    return postAndQueue(context, `${pathOf(id)}/test`, id);
  },
};

export const webhooksRedeliver: Command = {
  usage: REDELIVER_USAGE,
  summary: "send a delivery again, once, under its own id",
  async run(context) {
    const args = readArgs(context, REDELIVER_USAGE, ["ID", "DELIVERY"], {});
    if (!args.ok) return args;
    const [id, delivery = ""] = args.value.positionals;
    const path = `${pathOf(id)}/deliveries/${encodeURIComponent(delivery)}/redelivery`;
    return postAndQueue(context, path, id);
  },
};

export const webhooksDeliveries: Command = {
  usage: DELIVERIES_USAGE,
  summary: "attempts to deliver to an endpoint, newest first",
  async run(context) {
    const args = readArgs(context, DELIVERIES_USAGE, ["ID"], { limit: { type: "string" } });
    if (!args.ok) return args;
    const client = clientOf(context);
    const query = new URLSearchParams({ limit: args.value.values.limit ?? "20" });
    const path = `${pathOf(args.value.positionals[0])}/deliveries?${query.toString()}`;
    const listed = requireSuccess(client, await client.get(path));
    if (!listed.ok) return listed;
    const rows = itemsIn(listed.value.body).map((item) => [
      cell(item["at"]),
      cell(item["id"]),
      cell(item["type"]),
      `${cell(item["cause"])} ${cell(item["run"])}.${cell(item["attempt"])}`,
      cell(item["outcome"]),
      cell(item["status"]),
      item["durationMs"] === null ? "-" : `${cell(item["durationMs"])} ms`,
      [item["detail"], item["excerpt"]]
        .filter((text) => text !== "")
        .map(cell)
        .join(": "),
    ]);
    const head = ["AT", "DELIVERY", "TYPE", "RUN", "OUTCOME", "STATUS", "TOOK", "DETAIL"];
    return answer(listed.value.body, table(head, rows));
  },
};

function pathOf(id = ""): string {
  return `/v1/webhooks/${encodeURIComponent(id)}`;
}

/** An endpoint with its newest key, and its secret where this answer holds one. */
async function postAndShow(context: Context, path: string, body: object): Promise<Outcome> {
  const client = clientOf(context);
  const posted = requireSuccess(client, await client.post(path, body));
  if (!posted.ok) return posted;
  const endpoint = isRecord(posted.value.body) ? posted.value.body : {};
  const members = ["id", "url", "events", "signature", "format", "publicKey", "secret"];
  const pairs = members
    .filter((name) => endpoint[name] !== undefined && endpoint[name] !== null)
    .map((name): [string, string] => [name, cell(endpoint[name])]);
  const once = endpoint["secret"] === undefined ? "" : "\n\nThe secret is not shown again.";
  return answer(endpoint, `${facts(pairs)}${once}`);
}

async function postAndQueue(context: Context, path: string, id = ""): Promise<Outcome> {
  const client = clientOf(context);
  const posted = requireSuccess(client, await client.post(path, {}));
  if (!posted.ok) return posted;
  const delivery = isRecord(posted.value.body) ? cell(posted.value.body["deliveryId"]) : "-";
  return answer(
    posted.value.body,
    `Queued as ${delivery}. What became of it: sekisho webhooks deliveries ${id}`,
  );
}
