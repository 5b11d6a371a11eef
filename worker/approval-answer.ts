/**
 * A person's signed approval on its way to the mission, and its answer: one way, whether the person's own token
 * or another system brought it. Refuses to look at the signature: the mission does, with registered keys only.
 */
import type { Context } from "hono";
import type * as z from "zod";
import type { decideApprovalSchema } from "../shared/wire/directory.ts";
import { commandBase, execute, gateResponse } from "./commands.ts";
import type { AppContext } from "./context.ts";
import type { Idempotency } from "./idempotency.ts";
import { teamStub } from "./missions.ts";
import { isPasskeySigned, signedApprovalOf } from "./passkeys.ts";
import { rejectionResponse } from "./problems.ts";

interface Handed {
  readonly missionId: string;
  readonly nodeId: string;
  readonly body: z.output<typeof decideApprovalSchema>;
  readonly idempotency: Idempotency;
  readonly ifMatch: string | null;
}

/** Decides in the name of the context's principal: theirs are the only keys tried. */
export async function answerApproval(c: Context<AppContext>, handed: Handed): Promise<Response> {
  const { missionId, nodeId, body, idempotency, ifMatch } = handed;
  const { team, sub } = c.get("principal");
  const statement = signedApprovalOf(body, c.env);
  const { approver, delegations } = await teamStub(c.env, team).decidingFacts(sub, Date.now());
  if (approver && isPasskeySigned(statement)) {
    const presented = await teamStub(c.env, team).presentPasskey({
      approver: sub,
      signed: statement,
    });
    if (!presented.ok) return rejectionResponse(c, presented.error);
  }
  const base = commandBase(c, "human");
  const command = {
    ...base,
    type: "DecideApproval",
    nodeId,
    statement,
    approver,
    delegations,
  } as const;
  return execute(c, { missionId, command, idempotency, ifMatch }, ({ answer }) => {
    if (answer.type !== "approval" || answer.decision === "deny") return c.json(answer, 200);
    // Without a gate result the quorum is not reached yet, which is a wait like a pause.
    return gateResponse(c, answer.gateResult?.verdict ?? "pause", answer);
  });
}
