/** A secret that is shown once: it stands here until the reader says they have it, and is kept nowhere. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function SecretNote({
  secret,
  of,
  onDone,
}: {
  secret: string;
  /** Whose it is. */
  of: string;
  onDone: () => void;
}): JSX.Element {
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => note.current?.focus(), []);
  return (
    <div class="note tone-wait" role="group" aria-label="New secret" tabIndex={-1} ref={note}>
      <p>
        <strong>The secret of {of}, shown this once.</strong> Put it where the other side keeps its
        secrets; nobody can show it again.
      </p>
      <p>
        <code class="secret">{secret}</code>
      </p>
      <button type="button" onClick={onDone}>
        I have it
      </button>
    </div>
  );
}
