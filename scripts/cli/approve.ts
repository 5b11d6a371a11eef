/**
 * `sekisho approve`: shows what a node asks for, signs the approval statement with the approver's own key
 * and posts it. Refuses to sign blindly: what is signed is fetched, shown, and named by its digest.
 * Specification: docs/approvals.md.
 */
import { type ApprovalStatement, signApprovalStatement } from "../local/approval.ts";
import { shortDigest } from "../../shared/approval/index.ts";
import type { MissionView, NodeView } from "../../shared/mission/index.ts";
import { err } from "../../shared/result.ts";
import type { JsonObject } from "../../shared/strict-json.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { clientOf, isRecord, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs, usageError } from "./command.ts";
import { readKeyFile } from "./key.ts";
import { facts } from "./print.ts";

const USAGE = "approve MISSION NODE [--deny] [--for PERSON] [--dry-run] --key FILE --reason TEXT";

/** A statement is posted the moment it is signed; it need not outlive a slow network by much. */
const STATEMENT_TTL_MS = 5 * 60_000;

export const approve: Command = {
  usage: USAGE,
  summary: "sign a node's open request with a local key, and post it",
  async run(context) {
    const args = readArgs(context, USAGE, ["MISSION", "NODE"], {
      deny: { type: "boolean" },
      "dry-run": { type: "boolean" },
      for: { type: "string" },
      key: { type: "string" },
      reason: { type: "string" },
    });
    if (!args.ok) return args;
    const [missionId = "", nodeId = ""] = args.value.positionals;
    const { deny = false, "dry-run": dryRun = false, key: file, reason } = args.value.values;
    const { for: onBehalfOf } = args.value.values;
    if (file === undefined) return usageError(USAGE, "--key names the approver's key file");
    if (reason === undefined || reason === "") return usageError(USAGE, "--reason says why");
    const key = readKeyFile(file);
    if (!key.ok) return key;
    const approver = claimOf(context.env["SEKISHO_TOKEN"], "sub");
    if (approver === null) {
      const next = "export SEKISHO_TOKEN=$(sekisho token --team T --sub S --roles approver)";
      return err({ exit: 2, message: "SEKISHO_TOKEN names no approver", next });
    }

    const client = clientOf(context);
    const path = `/v1/missions/${encodeURIComponent(missionId)}`;
    const found = requireSuccess(client, await client.get(path));
    if (!found.ok) return found;
    const view = found.value.body as MissionView;
    const node = askedOf(view, nodeId);
    if (node?.request == null) {
      const state =
        node === null ? "is not in this mission" : `is ${node.state} and asks for no approval`;
      return err({
        exit: 1,
        message: `${nodeId} ${state}`,
        next: `sekisho mission show ${missionId}`,
      });
    }
    const now = Date.now();
    const statement: ApprovalStatement = {
      missionId,
      nodeId,
      attempt: node.attempt,
      gateDigest: node.request.gateDigest,
      decision: deny ? "deny" : "approve",
      approver,
      ...(onBehalfOf !== undefined && { onBehalfOf }),
      reason,
      issuedAt: unixMsToIso(now),
      expiresAt: unixMsToIso(now + STATEMENT_TTL_MS),
    };
    const shown = describe(view, node, statement);
    if (dryRun) return answer({ statement }, `${shown}\n\nNot signed (--dry-run).`);
    if (!context.json) process.stderr.write(`${shown}\n\n`);
    const signed = signApprovalStatement(statement, key.value);
    const posted = requireSuccess(
      client,
      await client.post(`${path}/nodes/${encodeURIComponent(nodeId)}/approvals`, {
        statement: signed,
      }),
    );
    if (!posted.ok) return posted;
    const { body } = posted.value;
    const state = isRecord(body) ? String(body["nodeState"]) : "unknown";
    const text = `Signed and posted: ${statement.decision}. ${nodeId} is now ${state}.`;
    return answer({ statement, answer: body }, text);
  },
};

/** What a request is about: a node, or the amendment that waits. */
type Asked = Pick<NodeView, "id" | "title" | "risk" | "attempt" | "proposal" | "request" | "state">;

function askedOf(view: MissionView, id: string): Asked | null {
  const node = view.nodes.find((candidate) => candidate.id === id);
  if (node) return node;
  const open = view.amendments?.open;
  if (open?.id !== id) return null;
  const { title, risk, request, by, reason, nodes, edges } = open;
  const action = {
    type: "plan.amend",
    args: { nodes, edges } as unknown as JsonObject,
    argsHash: "",
  };
  const proposal = { id, agent: by, rationale: reason, action };
  return { id, title, risk, attempt: 1, proposal, request, state: "BLOCKED" };
}

/** What is about to be signed, in words, before it is. */
function describe(view: MissionView, node: Asked, statement: ApprovalStatement): string {
  const action = node.proposal?.action ?? null;
  return facts([
    ["mission", `${view.title} (${view.id})`],
    ["node", `${node.id}, ${node.title}, risk ${node.risk}, attempt ${node.attempt}`],
    ["proposed by", node.proposal?.agent ?? "nobody yet"],
    ["because", node.proposal?.rationale ?? "-"],
    [
      "action",
      action === null ? "none" : `${action.type}\n${JSON.stringify(action.args, null, 2)}`,
    ],
    ["gate digest", statement.gateDigest],
    ["short digest", shortDigest(statement.gateDigest)],
    [
      "decision",
      `${statement.decision}, as ${statement.approver}${statement.onBehalfOf === undefined ? "" : ` for ${statement.onBehalfOf}`}: ${statement.reason}`,
    ],
  ]);
}

/** What a token claims, unverified: the API verifies it, this only fills in the statement. */
export function claimOf(token: string | undefined, name: "sub" | "team"): string | null {
  try {
    const payload = (token ?? "").split(".")[1] ?? "";
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const claim = isRecord(claims) ? claims[name] : null;
    return typeof claim === "string" ? claim : null;
  } catch {
    return null;
  }
}
