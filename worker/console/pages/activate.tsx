/** Activating a policy: a person other than its proposer signs exactly this version and content. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import {
  POLICY_ACTIVATION_JWS_TYPE,
  type PolicyActivationStatement,
} from "../../../shared/team/index.ts";
import { announce } from "../announce.ts";
import type { PolicyRecord } from "../answers.ts";
import { ask, type Problem } from "../api.ts";
import { ProblemNote } from "../parts/page.tsx";
import { KeyField, ReasonField, useHeldKey } from "../parts/signature.tsx";
import { hasRole, useSession, type Session } from "../session.ts";
import { signStatement, type SigningKey } from "../signing.ts";

const STATEMENT_TTL_MS = 5 * 60_000;

export function Activate({
  policy,
  onDone,
}: {
  policy: PolicyRecord;
  onDone: () => void;
}): JSX.Element | null {
  const session = useSession();
  const [reason, setReason] = useState("");
  const [key, setKey] = useHeldKey();
  const [problem, setProblem] = useState<Problem | null>(null);
  if (session === null || !hasRole(session, "approver")) return null;
  const sign = async (held: SigningKey) => {
    const said = await send(policy, session, reason.trim(), held);
    setProblem(said);
    if (said !== null) return;
    announce("The policy is active");
    onDone();
  };
  return (
    <details class="card">
      <summary>Activate by a signature</summary>
      <p>
        From then on missions open under this version; the one before is retired. You sign as{" "}
        <strong>{session.sub}</strong>.
      </p>
      <ReasonField value={reason} onChange={setReason} />
      <KeyField held={key} onChange={setKey} />
      <ProblemNote problem={problem} />
      <button
        type="button"
        disabled={key === null || reason.trim() === ""}
        onClick={() => key !== null && void sign(key)}
      >
        Sign the activation
      </button>
    </details>
  );
}

async function send(
  { version, hash }: PolicyRecord,
  { team, sub }: Session,
  reason: string,
  key: SigningKey,
): Promise<Problem | null> {
  const now = Date.now();
  const statement: PolicyActivationStatement = {
    team,
    version,
    policyHash: hash,
    decision: "activate",
    approver: sub,
    reason,
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + STATEMENT_TTL_MS).toISOString(),
  };
  const jws = await signStatement(POLICY_ACTIVATION_JWS_TYPE, statement, key);
  const address = `/v1/policies/${encodeURIComponent(version)}/activation`;
  const answered = await ask(address, { body: { statement: jws } });
  return answered.ok ? null : answered.error;
}
