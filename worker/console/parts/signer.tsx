/**
 * What a person signs a decision with: a passkey of theirs, named to the device, or a key file. Knows of the person what
 * the directory tells them about themselves.
 */
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { ConsoleConfig } from "../../../shared/wire/console.ts";
import type { Approver } from "../answers.ts";
import { useResource } from "../api.ts";
import { hasPasskeys, type PasskeyOwner } from "../passkeys.ts";
import { hasRole, useSession } from "../session.ts";
import type { SigningKey } from "../signing.ts";
import { KeyField, useHeldKey } from "./signature.tsx";

export type Signer =
  | { readonly kind: "passkey"; readonly owner: PasskeyOwner }
  | { readonly kind: "key file"; readonly key: SigningKey };

type Means = Signer["kind"];

/** The reader as the directory knows them as an approver; null: not an approver, or not known yet. */
export function useOwnEntry(): Approver | null {
  const session = useSession();
  const isAsked = session !== null && hasRole(session, "approver");
  const address = isAsked ? `/v1/approvers/${encodeURIComponent(session.sub)}` : null;
  return useResource<Approver>(address).data;
}

/** The choice as fields, and what was chosen; `signer` is null while the key file is missing. */
export function useSigner(person: Approver | null): {
  readonly signer: Signer | null;
  readonly fields: JSX.Element;
} {
  const [chosen, setMeans] = useState<Means | null>(null);
  const [key, setKey] = useHeldKey();
  const { data: config } = useResource<ConsoleConfig>("/console/config.json");
  const credentialIds = (person?.keys ?? []).flatMap(({ passkey }) => passkey?.credentialId ?? []);
  const isOffered = hasPasskeys();
  const likely = isOffered && credentialIds.length > 0 ? "passkey" : "key file";
  const means = chosen ?? likely;
  const owner = { rpId: config?.rpId ?? location.hostname, credentialIds };
  const signer: Signer | null =
    means === "passkey"
      ? { kind: "passkey", owner }
      : key === null
        ? null
        : { kind: "key file", key };
  return {
    signer,
    fields: (
      <>
        {isOffered ? <MeansField means={means} onChange={setMeans} /> : null}
        {means === "passkey" ? null : <KeyField held={key} onChange={setKey} />}
      </>
    ),
  };
}

function MeansField({
  means,
  onChange,
}: {
  means: Means;
  onChange: (means: Means) => void;
}): JSX.Element {
  // Two forms may stand on one page.
  const name = useId();
  return (
    <fieldset class="row">
      <legend>Sign with</legend>
      {(["passkey", "key file"] as const).map((each) => (
        <label key={each} class="option">
          <input
            type="radio"
            name={name}
            checked={means === each}
            onChange={() => onChange(each)}
          />
          <span>{each === "passkey" ? "a passkey" : "a key file"}</span>
        </label>
      ))}
    </fieldset>
  );
}
