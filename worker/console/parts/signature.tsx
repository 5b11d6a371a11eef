/**
 * A person's signature under something: reason, key, and one button that says what it will do. Nothing is chosen
 * beforehand, and Enter signs nothing. The key stays in this tab's memory until it is forgotten or the tab closes.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../announce.ts";
import { readKeyFile, type SigningKey } from "../signing.ts";

let heldKey: SigningKey | null = null;

/** Chooses the key file, or shows the one that is held. */
export function KeyField({
  held,
  onChange,
}: {
  held: SigningKey | null;
  onChange: (key: SigningKey | null) => void;
}): JSX.Element {
  const [refused, setRefused] = useState<string | null>(null);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    const read = await readKeyFile(file);
    setRefused(read.ok ? null : read.error);
    heldKey = read.ok ? read.value : null;
    if (read.ok) announce("The key is ready");
    onChange(heldKey);
  };
  const forget = () => {
    heldKey = null;
    onChange(null);
    announce("The key is forgotten");
  };
  if (held !== null) {
    return (
      <p>
        Key <code class="hash">{held.kid.slice(0, 16)}…</code> from {held.fileName}{" "}
        <button type="button" class="plain" onClick={forget}>
          Forget it
        </button>
      </p>
    );
  }
  return (
    <label class="field wide">
      <span>Your key file (a private JWK); it is read in this page and sent nowhere</span>
      <input
        type="file"
        accept=".jwk,.json,application/json"
        aria-invalid={refused !== null}
        aria-describedby={refused === null ? undefined : "key-refused"}
        onChange={(event) => void take(event.currentTarget.files?.[0])}
      />
      {refused === null ? null : (
        <span id="key-refused" class="tone-bad" role="alert">
          {refused}
        </span>
      )}
    </label>
  );
}

/** The key held by this tab, and how to change it. */
export function useHeldKey(): readonly [SigningKey | null, (key: SigningKey | null) => void] {
  return useState<SigningKey | null>(heldKey);
}

/** Why somebody decides as they do; recorded with the decision. */
export function ReasonField({
  value,
  onChange,
}: {
  value: string;
  onChange: (text: string) => void;
}): JSX.Element {
  return (
    <label class="field wide">
      <span>Reason, signed with the decision</span>
      <textarea
        rows={2}
        maxLength={2_000}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}
