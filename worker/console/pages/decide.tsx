/**
 * Approving or denying one request by a signature. The statement names the digest that is shown; when the request
 * changes under the reader, this form is a new one and nothing of the old one is signed.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import {
  APPROVAL_JWS_TYPE,
  type ApprovalStatement,
  shortDigest,
} from "../../../shared/approval/index.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { ConsoleConfig } from "../../../shared/wire/console.ts";
import { announce } from "../announce.ts";
import { ask, type Problem, useResource } from "../api.ts";
import { hasPasskeys, signWithPasskey } from "../passkeys.ts";
import { ProblemNote } from "../parts/page.tsx";
import { KeyField, ReasonField, useHeldKey } from "../parts/signature.tsx";
import { currentSession, hasRole, useSession } from "../session.ts";
import { signStatement, type SigningKey } from "../signing.ts";

type Decision = "approve" | "deny";

/** What the statement is about; the rest of it is the person's. */
export interface Asked {
  readonly missionId: string;
  readonly nodeId: string;
  readonly attempt: number;
  readonly gateDigest: string;
}

/** Posted at once, so it need not outlive a slow network by much. */
const STATEMENT_TTL_MS = 5 * 60_000;

export function Decide({ asked, onDone }: { asked: Asked; onDone: () => void }): JSX.Element {
  const session = useSession();
  const [decision, setDecision] = useState<Decision | null>(null);
  const [reason, setReason] = useState("");
  const [key, setKey] = useHeldKey();
  const [means, setMeans] = useState<Means>(hasPasskeys() ? "passkey" : "key file");
  const { data: config } = useResource<ConsoleConfig>("/console/config.json");
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!hasRole(session, "approver")) {
    return (
      <p class="note">Your token has no approver role, so you can read this and decide nothing.</p>
    );
  }
  const missing = missingFrom({ decision, reason, key, means });
  const sign = async () => {
    if (decision === null || missing !== null || isSending) return;
    setSending(true);
    const signer = means === "passkey" ? (config?.rpId ?? location.hostname) : key;
    const said = signer === null ? null : await send(asked, { decision, reason, signer });
    setSending(false);
    setProblem(said);
    if (said !== null) return;
    announce(decision === "approve" ? "Your approval is recorded" : "Your denial is recorded");
    onDone();
  };
  return (
    <section class="card" aria-labelledby="decide">
      <h2 id="decide">Decide</h2>
      <p>
        You sign digest <code class="digest">{shortDigest(asked.gateDigest)}</code> as{" "}
        <strong>{session?.sub}</strong>.
      </p>
      <fieldset>
        <legend>Your decision</legend>
        <DecisionOption
          label="Approve: exactly what is shown above may run."
          isChosen={decision === "approve"}
          onChoose={() => setDecision("approve")}
        />
        <DecisionOption
          label="Deny: this request ends, for everybody and for good."
          isChosen={decision === "deny"}
          onChoose={() => setDecision("deny")}
        />
      </fieldset>
      <ReasonField value={reason} onChange={setReason} />
      <MeansField means={means} onChange={setMeans} />
      {means === "passkey" ? null : <KeyField held={key} onChange={setKey} />}
      <ProblemNote problem={problem} />
      <p class="actions">
        <button type="button" disabled={missing !== null || isSending} onClick={() => void sign()}>
          {buttonText(decision, isSending)}
        </button>
        {missing === null ? null : <span class="dim">{missing}</span>}
      </p>
    </section>
  );
}

/** What the person signs with. */
type Means = "passkey" | "key file";

function MeansField({
  means,
  onChange,
}: {
  means: Means;
  onChange: (means: Means) => void;
}): JSX.Element | null {
  if (!hasPasskeys()) return null;
  return (
    <fieldset class="row">
      <legend>Sign with</legend>
      {(["passkey", "key file"] as const).map((each) => (
        <label key={each} class="option">
          <input
            type="radio"
            name="means"
            checked={means === each}
            onChange={() => onChange(each)}
          />
          <span>{each === "passkey" ? "a passkey" : "a key file"}</span>
        </label>
      ))}
    </fieldset>
  );
}

function DecisionOption({
  label,
  isChosen,
  onChoose,
}: {
  label: string;
  isChosen: boolean;
  onChoose: () => void;
}): JSX.Element {
  return (
    <label class="option">
      <input type="radio" name="decision" checked={isChosen} onChange={onChoose} />
      <span>{label}</span>
    </label>
  );
}

function missingFrom(form: {
  readonly decision: Decision | null;
  readonly reason: string;
  readonly key: SigningKey | null;
  readonly means: Means;
}): string | null {
  if (form.decision === null) return "Choose a decision.";
  if (form.reason.trim() === "") return "Say why.";
  return form.means === "key file" && form.key === null ? "Choose your key file." : null;
}

function buttonText(decision: Decision | null, isSending: boolean): string {
  if (isSending) return "Signing…";
  if (decision === null) return "Sign";
  return decision === "approve" ? "Sign the approval" : "Sign the denial";
}

/** Signs and posts; null when it was recorded. */
async function send(
  asked: Asked,
  // A text is the domain whose passkey is asked for.
  { decision, reason, signer }: { decision: Decision; reason: string; signer: SigningKey | string },
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
  signer: SigningKey | string,
): Promise<Result<unknown, string>> {
  if (typeof signer !== "string") {
    return ok({ statement: await signStatement(APPROVAL_JWS_TYPE, statement, signer) });
  }
  const answered = await signWithPasskey(statement, signer);
  return answered.ok ? ok({ statement, assertion: answered.value }) : answered;
}
