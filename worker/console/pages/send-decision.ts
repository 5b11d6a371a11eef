/** A decision on its way: the statement, the person's signature over it, and the one POST that hands it in. */
import { APPROVAL_JWS_TYPE, type ApprovalStatement } from "../../../shared/approval/index.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { ask, type Problem } from "../api.ts";
import type { Signer } from "../parts/signer.tsx";
import { signWithPasskey } from "../passkeys.ts";
import { currentSession } from "../session.ts";
import { signStatement } from "../signing.ts";

/** What the statement is about; the rest of it is the person's. */
export interface Asked {
  readonly missionId: string;
  readonly nodeId: string;
  readonly attempt: number;
  readonly gateDigest: string;
}

/** Posted at once, so it need not outlive a slow network by much. */
const STATEMENT_TTL_MS = 5 * 60_000;

/** Signs and posts; null when it was recorded. */
export async function sendDecision(
  asked: Asked,
  {
    decision,
    reason,
    signer,
  }: {
    readonly decision: ApprovalStatement["decision"];
    readonly reason: string;
    readonly signer: Signer;
  },
): Promise<Problem | null> {
  const now = Date.now();
  const statement: ApprovalStatement = {
    ...asked,
    decision,
    approver: currentSession()?.sub ?? "",
    reason: reason.trim(),
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + STATEMENT_TTL_MS).toISOString(),
  };
  const body = await signedBody(statement, signer);
  if (!body.ok) {
    return {
      status: 0,
      code: "passkey",
      title: "Nothing was signed",
      detail: body.error,
      errors: [],
    };
  }
  const { missionId, nodeId } = asked;
  const address = `/v1/missions/${encodeURIComponent(missionId)}/nodes/${encodeURIComponent(nodeId)}/approvals`;
  const answered = await ask(address, { body: body.value });
  return answered.ok ? null : answered.error;
}

async function signedBody(
  statement: ApprovalStatement,
  signer: Signer,
): Promise<Result<unknown, string>> {
  if (signer.kind === "key file") {
    return ok({ statement: await signStatement(APPROVAL_JWS_TYPE, statement, signer.key) });
  }
  const answered = await signWithPasskey(statement, signer.owner);
  return answered.ok ? ok({ statement, assertion: answered.value }) : answered;
}
