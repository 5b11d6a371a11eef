/**
 * Approving or denying one request by a signature. The statement names the digest that is shown; when the request
 * changes under the reader, this form is a new one and nothing of the old one is signed.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { shortDigest } from "../../../shared/approval/index.ts";
import { announce } from "../announce.ts";
import type { Approver } from "../answers.ts";
import type { Problem } from "../api.ts";
import { ProblemNote } from "../parts/page.tsx";
import { ReasonField } from "../parts/signature.tsx";
import { useSigner, type Signer } from "../parts/signer.tsx";
import { hasRole, useSession } from "../session.ts";
import { sendDecision, type Asked } from "./send-decision.ts";

type Decision = "approve" | "deny";

/** `person` is the reader as the directory knows them. */
export function Decide({
  asked,
  person,
  onDone,
}: {
  asked: Asked;
  person: Approver | null;
  onDone: () => void;
}): JSX.Element {
  const session = useSession();
  const [decision, setDecision] = useState<Decision | null>(null);
  const [reason, setReason] = useState("");
  const { signer, fields } = useSigner(person);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!hasRole(session, "approver")) {
    return (
      <p class="note">Your token has no approver role, so you can read this and decide nothing.</p>
    );
  }
  const missing = missingFrom({ decision, reason, signer });
  const sign = async () => {
    if (decision === null || signer === null || missing !== null || isSending) return;
    setSending(true);
    const said = await sendDecision(asked, { decision, reason, signer });
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
      {fields}
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
  readonly signer: Signer | null;
}): string | null {
  if (form.decision === null) return "Choose a decision.";
  if (form.reason.trim() === "") return "Say why.";
  return form.signer === null ? "Choose your key file." : null;
}

function buttonText(decision: Decision | null, isSending: boolean): string {
  if (isSending) return "Signing…";
  if (decision === null) return "Sign";
  return decision === "approve" ? "Sign the approval" : "Sign the denial";
}
