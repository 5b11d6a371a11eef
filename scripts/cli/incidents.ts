/**
 * `sekisho incidents`: the incident index, and one incident with what happened around it.
 */
import { clientOf, isRecord, itemsIn, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs } from "./command.ts";
import { cell, facts, table } from "./print.ts";

const FILTERS = ["kind", "severity", "reason", "mission", "status", "from", "to", "q"] as const;
const LIST_USAGE = `incidents list ${FILTERS.map((name) => `[--${name} X]`).join(" ")}`;
const SHOW_USAGE = "incidents show 'INC#000001'";

type Fields = Readonly<Record<string, unknown>>;

export const incidentsList: Command = {
  usage: LIST_USAGE,
  summary: "search the incident index",
  async run(context) {
    const options = Object.fromEntries(
      FILTERS.map((name) => [name, { type: "string" as const }]),
    ) as Record<(typeof FILTERS)[number], { type: "string" }>;
    const args = readArgs(context, LIST_USAGE, [], options);
    if (!args.ok) return args;
    const query = new URLSearchParams(
      Object.entries(args.value.values).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    const client = clientOf(context);
    const listed = requireSuccess(client, await client.get(`/v1/incidents?${query.toString()}`));
    if (!listed.ok) return listed;
    const rows = itemsIn(listed.value.body).map((item) => [
      cell(item["id"]),
      cell(item["severity"]),
      cell(item["status"]),
      cell(item["kind"]),
      cell(item["reasonCodes"]),
      cell(item["openedAt"]),
      cell(item["summary"]),
    ]);
    const head = ["ID", "SEVERITY", "STATUS", "KIND", "REASONS", "OPENED", "SUMMARY"];
    return answer(listed.value.body, table(head, rows));
  },
};

export const incidentsShow: Command = {
  usage: SHOW_USAGE,
  summary: "one incident with the events around it",
  async run(context) {
    const args = readArgs(context, SHOW_USAGE, ["ID"], {});
    if (!args.ok) return args;
    const client = clientOf(context);
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const shown = requireSuccess(client, await client.get(`/v1/incidents/${id}`));
    if (!shown.ok) return shown;
    const incident = isRecord(shown.value.body) ? shown.value.body : {};
    const members = [
      "id",
      "severity",
      "status",
      "kind",
      "reasonCodes",
      "missionId",
      "nodeId",
      "seq",
      "openedAt",
      "summary",
    ];
    const head = facts(members.map((name): [string, string] => [name, cell(incident[name])]));
    return answer(incident, `${head}\n\n${contextTable(incident["context"])}`);
  },
};

/** The events around the incident; its own line is marked. */
function contextTable(context: unknown): string {
  const { before, incident, after } = isRecord(context) ? context : {};
  const events = [
    ...listOf(before).map((event): [string, Fields] => ["", event]),
    ...listOf([incident]).map((event): [string, Fields] => [">", event]),
    ...listOf(after).map((event): [string, Fields] => ["", event]),
  ];
  return table(
    ["", "SEQ", "AT", "EVENT", "NODE", "ACTOR"],
    events.map(([mark, event]) => {
      const actor = isRecord(event["actor"])
        ? `${cell(event["actor"]["kind"])} ${cell(event["actor"]["id"])}`
        : "";
      return [
        mark,
        cell(event["seq"]),
        cell(event["at"]),
        cell(event["type"]),
        cell(event["nodeId"]),
        actor,
      ];
    }),
  );
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
