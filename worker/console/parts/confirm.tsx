/**
 * A button that first says what will happen and asks for a reason, and only then does it. For what cannot be taken
 * back by pressing another button. Escape and "Cancel" leave everything as it was.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../api.ts";
import { ProblemNote } from "./page.tsx";

export function Confirm({
  label,
  says,
  yes = label,
  takesReason = false,
  onConfirm,
}: {
  /** What is to be done; the button's text. */
  label: string;
  /** What will happen, in sentences. */
  says: ComponentChildren;
  yes?: string;
  takesReason?: boolean;
  /** null when it is done. */
  onConfirm: (reason: string) => Promise<Problem | null>;
}): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    // Whoever closes it by keyboard stands where they opened it.
    if (wasOpen.current && !isOpen) opener.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  if (!isOpen) {
    return (
      <button type="button" ref={opener} onClick={() => setOpen(true)}>
        {label}
      </button>
    );
  }
  return (
    <Question
      label={label}
      says={says}
      yes={yes}
      takesReason={takesReason}
      onConfirm={onConfirm}
      onClose={() => setOpen(false)}
    />
  );
}

function Question({
  label,
  says,
  yes,
  takesReason,
  onConfirm,
  onClose,
}: {
  label: string;
  says: ComponentChildren;
  yes: string;
  takesReason: boolean;
  onConfirm: (reason: string) => Promise<Problem | null>;
  onClose: () => void;
}): JSX.Element {
  const group = useRef<HTMLDivElement>(null);
  const [reason, setReason] = useState("");
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => group.current?.focus(), []);
  const confirm = async () => {
    setSending(true);
    const said = await onConfirm(reason.trim());
    setSending(false);
    setProblem(said);
    if (said === null) onClose();
  };
  return (
    <div
      class="confirm"
      role="group"
      aria-label={label}
      tabIndex={-1}
      ref={group}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <p>{says}</p>
      {takesReason ? (
        <label class="field wide">
          <span>Reason, for the record</span>
          <textarea
            rows={2}
            maxLength={2_000}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
      ) : null}
      <ProblemNote problem={problem} />
      <p class="actions">
        <button
          type="button"
          class="danger"
          disabled={isSending || (takesReason && reason.trim() === "")}
          onClick={() => void confirm()}
        >
          {yes}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </p>
    </div>
  );
}
