/**
 * `sekisho mission amend`: adds nodes, and edges to them, to the plan of a running mission. Says whether
 * the amendment is applied or waits for people, and how they approve it.
 * Specification: docs/amendments.md.
 */
import { clientOf, isRecord, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs, readJsonInput } from "./command.ts";
import { cell, facts } from "./print.ts";

const USAGE = "mission amend ID FILE";

/** FILE holds `{ "title", "reason", "nodes", "edges"? }`. */
export const missionAmend: Command = {
  usage: USAGE,
  summary: "add nodes, and edges to them, to a running mission",
  async run(context) {
    const args = readArgs(context, USAGE, ["ID", "FILE"], {});
    if (!args.ok) return args;
    const [id = "", file = ""] = args.value.positionals;
    const body = readJsonInput(file);
    if (!body.ok) return body;
    const client = clientOf(context);
    const path = `/v1/missions/${encodeURIComponent(id)}/amendments`;
    const amended = requireSuccess(client, await client.post(path, body.value));
    if (!amended.ok) return amended;
    const told = isRecord(amended.value.body) ? amended.value.body : {};
    const pairs = ["id", "state", "planHash", "gateDigest", "ready"].map(
      (name): [string, string] => [name, cell(told[name])],
    );
    const next =
      told["state"] === "waiting"
        ? `\n\nWaits for a person: sekisho approve ${id} ${cell(told["id"])} --key FILE --reason TEXT`
        : "";
    return answer(told, `${facts(pairs)}${next}`);
  },
};
