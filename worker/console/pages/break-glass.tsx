/**
 * An approval by one that stands for all, for emergencies. Closed until it is opened, apart from the ordinary decision,
 * and signed only by who has typed the digest: nobody gets here by habit. Specification: docs/approvals.md ("Break-glass").
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { shortDigest } from "../../../shared/approval/index.ts";
import { announce } from "../announce.ts";
import type { Approver } from "../answers.ts";
import type { Problem } from "../api.ts";
import { ProblemNote } from "../parts/page.tsx";
import { ReasonField } from "../parts/signature.tsx";
import { useSigner } from "../parts/signer.tsx";
import { sendDecision, type Asked } from "./send-decision.ts";

/** Shown to people whom the directory lets break glass; the mission decides. */
export function BreakGlass({
  asked,
  person,
  onDone,
}: {
  asked: Asked;
  person: Approver;
  onDone: () => void;
}): JSX.Element {
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const { signer, fields } = useSigner(person);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const digest = shortDigest(asked.gateDigest);
  const isConfirmed = typed.trim().toLowerCase() === digest.toLowerCase();
  const isReady = isConfirmed && reason.trim() !== "" && signer !== null && !isSending;
  const sign = async () => {
    if (!isReady || signer === null) return;
    setSending(true);
    const said = await sendDecision(asked, { decision: "break-glass", reason, signer });
    setSending(false);
    setProblem(said);
    if (said !== null) return;
    announce("The glass is broken; a critical incident is open");
    onDone();
  };
  return (
    <details class="card danger">
      <summary>Break glass, in an emergency</summary>
      <p>
        You alone stand for every seat, whatever the hours are. A critical incident names you, this
        node and your reason, at once and for good. A block stays a block and a seal a seal.
      </p>
      <ReasonField value={reason} onChange={setReason} />
      <label class="field wide">
        <span>
          Type the digest <code>{digest}</code> to confirm
        </span>
        <input
          type="text"
          autoComplete="off"
          spellcheck={false}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      {fields}
      <ProblemNote problem={problem} />
      <button type="button" class="danger" disabled={!isReady} onClick={() => void sign()}>
        {isSending ? "Signing…" : "Break the glass and sign"}
      </button>
    </details>
  );
}
