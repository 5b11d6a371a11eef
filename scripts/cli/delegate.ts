/**
 * `sekisho delegate`: signs that somebody else may fill one's seat for a while, and registers it. Refuses to
 * delegate for anybody but the token's subject. Specification: docs/approvals.md, "Delegation".
 */
import { delegationStatementSchema } from "../../shared/approval/index.ts";
import { err } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { signDelegation } from "../local/approval.ts";
import { clientOf, isRecord, requireSuccess } from "./api-client.ts";
import { claimOf } from "./approve.ts";
import { answer, type Command, readArgs, usageError } from "./command.ts";
import { readKeyFile } from "./key.ts";

const USAGE =
  "delegate PERSON --days N --key FILE --reason TEXT [--group G]… [--mission M]… [--risk-max R]";
const DAY_MS = 86_400_000;

export const delegate: Command = {
  usage: USAGE,
  summary: "sign that somebody may fill your seat for a while, and register it",
  async run(context) {
    const args = readArgs(context, USAGE, ["PERSON"], {
      days: { type: "string" },
      key: { type: "string" },
      reason: { type: "string" },
      group: { type: "string", multiple: true },
      mission: { type: "string", multiple: true },
      "risk-max": { type: "string" },
    });
    if (!args.ok) return args;
    const { days, key: file, reason, group, mission, "risk-max": riskMax } = args.value.values;
    if (file === undefined) return usageError(USAGE, "--key names the delegator's key file");
    const key = readKeyFile(file);
    if (!key.ok) return key;
    const token = context.env["SEKISHO_TOKEN"];
    const [delegator, team] = [claimOf(token, "sub"), claimOf(token, "team")];
    if (delegator === null || team === null) {
      const next = "export SEKISHO_TOKEN=$(sekisho token --team T --sub S --roles approver)";
      return err({ exit: 2, message: "SEKISHO_TOKEN names no approver of a team", next });
    }
    const now = Date.now();
    const statement = delegationStatementSchema.safeParse({
      team,
      delegator,
      delegate: args.value.positionals[0],
      ...(group && { groups: group }),
      ...(mission && { missions: mission }),
      ...(riskMax !== undefined && { riskMax: Number(riskMax) }),
      issuedAt: unixMsToIso(now),
      expiresAt: unixMsToIso(now + Math.round(boundedDays(days) * DAY_MS)),
      reason: reason ?? "",
    });
    if (!statement.success) {
      const [issue] = statement.error.issues;
      return usageError(USAGE, `${issue?.path.join(".")}: ${issue?.message}`);
    }
    const client = clientOf(context);
    const signed = signDelegation(statement.data, key.value);
    const posted = requireSuccess(
      client,
      await client.post("/v1/delegations", { statement: signed }),
    );
    if (!posted.ok) return posted;
    const { body } = posted.value;
    const id = isRecord(body) ? String(body["id"]) : "";
    const { delegate: person, expiresAt } = statement.data;
    return answer(body, `${person} may fill your seat until ${expiresAt} (${id}).`);
  },
};

/** What is no number of days delegates nothing: it ends as it begins, and the API refuses it. */
function boundedDays(text: string | undefined): number {
  const days = Number(text);
  return Number.isFinite(days) && days > 0 ? Math.min(days, 365) : 0;
}
