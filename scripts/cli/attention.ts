/**
 * `sekisho approvers attention [ID]`: how carefully people decide, of one person or of everybody. What each
 * measure means stands in docs/attention.md.
 */
import { clientOf, isRecord, itemsIn, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs, usageError } from "./command.ts";
import { cell, table } from "./print.ts";

const USAGE = "approvers attention [ID] [--from X] [--to X]";

export const approversAttention: Command = {
  usage: USAGE,
  summary: "how fast, how often and how hastily people decide",
  async run(context) {
    const isNamed = context.args[0] !== undefined && !context.args[0].startsWith("-");
    const args = readArgs(context, USAGE, isNamed ? ["ID"] : [], {
      from: { type: "string" },
      to: { type: "string" },
    });
    if (!args.ok) return args;
    const [id] = args.value.positionals;
    if (id === "") return usageError(USAGE, "ID is empty");
    const query = new URLSearchParams(
      Object.entries(args.value.values).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    const path =
      id === undefined ? "/v1/attention" : `/v1/approvers/${encodeURIComponent(id)}/attention`;
    const client = clientOf(context);
    const read = requireSuccess(client, await client.get(`${path}?${query.toString()}`));
    if (!read.ok) return read;
    const { body } = read.value;
    const people = id === undefined ? itemsIn(body) : isRecord(body) ? [body] : [];
    return answer(body, table(HEAD, people.map(rowOf)));
  },
};

const HEAD = [
  "APPROVER",
  "DECISIONS",
  "APPROVED",
  "MEDIAN",
  "SHORTEST",
  "AN HOUR",
  "AT MOST",
  "HASTY",
  "INDEX",
  "CANARIES APPROVED",
];

function rowOf(person: Readonly<Record<string, unknown>>): string[] {
  const times = isRecord(person["timeToDecisionMs"]) ? person["timeToDecisionMs"] : {};
  return [
    cell(person["approver"]),
    cell(person["decisions"]),
    rounded(person["approvedShare"]),
    seconds(times["median"]),
    seconds(times["shortest"]),
    rounded(person["approvalsPerHour"]),
    cell(person["approvalsPerHourMax"]),
    `${cell(person["hastyApprovals"])} of ${cell(person["timedApprovals"])}`,
    rounded(person["rubberStampIndex"]),
    `${cell(person["canariesApproved"])} of ${String(Number(person["canariesApproved"]) + Number(person["canariesDenied"]))}`,
  ];
}

function rounded(share: unknown): string {
  return typeof share === "number" ? share.toFixed(2) : "-";
}

function seconds(ms: unknown): string {
  return typeof ms === "number" ? `${(ms / 1_000).toFixed(0)} s` : "-";
}
