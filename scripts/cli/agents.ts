/**
 * `sekisho agents`: what an agent has earned and what it was granted, for its team's admin.
 * Specification: docs/trust.md.
 */
import { clientOf, isRecord, requireSuccess } from "./api-client.ts";
import { answer, type Command, readArgs, usageError } from "./command.ts";
import { cell, facts, table } from "./print.ts";

const TRUST_USAGE = "agents trust ID [--limit N]";
const GRANT_USAGE =
  "agents grant ID --action TYPE --risk N --expires TIME --reason TEXT [--zone ZONE] [--mission ID]";
const REVOKE_USAGE = "agents revoke ID GRANT --reason TEXT";

export const agentsTrust: Command = {
  usage: TRUST_USAGE,
  summary: "an agent's score, streak and cooldown, and what moved them",
  async run(context) {
    const args = readArgs(context, TRUST_USAGE, ["ID"], { limit: { type: "string" } });
    if (!args.ok) return args;
    const client = clientOf(context);
    const limit = encodeURIComponent(args.value.values.limit ?? "50");
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const shown = requireSuccess(client, await client.get(`/v1/agents/${id}/trust?limit=${limit}`));
    if (!shown.ok) return shown;
    const body = isRecord(shown.value.body) ? shown.value.body : {};
    const trust = isRecord(body["trust"]) ? body["trust"] : null;
    const updates = Array.isArray(body["updates"]) ? body["updates"].filter(isRecord) : [];
    const rows = updates.map((update) => [
      cell(update["at"]),
      cell(update["outcome"]),
      cell(update["deltaApplied"]),
      isRecord(update["trust"]) ? cell(update["trust"]["score"]) : "",
      cell(update["missionId"] ?? update["by"]),
      cell(update["reason"]),
    ]);
    const head = ["AT", "OUTCOME", "APPLIED", "SCORE", "MISSION OR PERSON", "REASON"];
    const stands = trust === null ? "unreadable: authorizes nothing until it is reset" : "";
    const said = facts([
      ["agent", cell(body["agent"])],
      ["score", stands || cell(trust?.["score"])],
      ["streak", cell(trust?.["streak"])],
      ["cooldownUntil", cell(trust?.["cooldownUntil"])],
    ]);
    return answer(shown.value.body, `${said}\n\n${table(head, rows)}`);
  },
};

export const agentsGrant: Command = {
  usage: GRANT_USAGE,
  summary: "grant an agent one type of action without being asked about each",
  async run(context) {
    const args = readArgs(context, GRANT_USAGE, ["ID"], {
      action: { type: "string" },
      risk: { type: "string" },
      expires: { type: "string" },
      reason: { type: "string" },
      zone: { type: "string" },
      mission: { type: "string" },
    });
    if (!args.ok) return args;
    const { action, risk, expires, reason, zone, mission } = args.value.values;
    if (!action || !risk || !expires || !reason)
      return usageError(GRANT_USAGE, "--action, --risk, --expires and --reason are needed");
    const client = clientOf(context);
    const body = {
      actionType: action,
      riskMax: Number(risk),
      expiresAt: expires,
      reason,
      ...(zone !== undefined && { zone }),
      ...(mission !== undefined && { missionId: mission }),
    };
    const id = encodeURIComponent(args.value.positionals[0] ?? "");
    const issued = requireSuccess(client, await client.post(`/v1/agents/${id}/grants`, body));
    if (!issued.ok) return issued;
    const grant = isRecord(issued.value.body) ? issued.value.body : {};
    return answer(grant, `granted ${cell(grant["id"])} until ${cell(grant["expiresAt"])}`);
  },
};

export const agentsRevoke: Command = {
  usage: REVOKE_USAGE,
  summary: "revoke a grant",
  async run(context) {
    const args = readArgs(context, REVOKE_USAGE, ["ID", "GRANT"], { reason: { type: "string" } });
    if (!args.ok) return args;
    const { reason } = args.value.values;
    if (!reason) return usageError(REVOKE_USAGE, "--reason says why");
    const client = clientOf(context);
    const [id, grant] = args.value.positionals.map((part) => encodeURIComponent(part));
    const path = `/v1/agents/${id}/grants/${grant}/revocation`;
    const revoked = requireSuccess(client, await client.post(path, { reason }));
    if (!revoked.ok) return revoked;
    return answer(revoked.value.body, `revoked ${args.value.positionals[1]}`);
  },
};
