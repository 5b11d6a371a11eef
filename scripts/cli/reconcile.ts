/**
 * `sekisho mission reconcile`: a person says what became of an action whose outcome the gateway does not
 * know. Refuses to guess: one of the two words must be given.
 * Specification: docs/interventions.md, "An unknown outcome".
 */
import { clientOf, isRecord, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs, usageError } from "./command.ts";
import { cell, facts } from "./print.ts";

const USAGE =
  "mission reconcile ID NODE --outcome done|not_done --reason TEXT [--evidence HASH]...";

export const missionReconcile: Command = {
  usage: USAGE,
  summary: "say what became of an action whose outcome is unknown",
  async run(context) {
    const args = readArgs(context, USAGE, ["ID", "NODE"], {
      outcome: { type: "string" },
      reason: { type: "string" },
      evidence: { type: "string", multiple: true },
    });
    if (!args.ok) return args;
    const [id = "", node = ""] = args.value.positionals;
    const { outcome, reason, evidence } = args.value.values;
    if (outcome !== "done" && outcome !== "not_done")
      return usageError(USAGE, "--outcome is done or not_done");
    if (reason === undefined) return usageError(USAGE, "--reason says how it was found out");
    const client = clientOf(context);
    const path = `/v1/missions/${encodeURIComponent(id)}/nodes/${encodeURIComponent(node)}/reconciliation`;
    const body = { outcome, reason, ...(evidence && { evidence }) };
    const told = requireSuccess(client, await client.post(path, body));
    if (!told.ok) return told;
    const found = isRecord(told.value.body) ? told.value.body : {};
    return answer(
      found,
      facts([
        ["outcome", cell(found["outcome"])],
        ["node", `${node} is ${cell(found["nodeState"])}`],
      ]),
    );
  },
};
