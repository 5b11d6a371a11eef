/** Evidence with what is known of it: verified, broken or only named. */
import type { JSX } from "preact";
import type { EvidenceSummary } from "../../../shared/evidence/index.ts";
import { Moment } from "./moment.tsx";
import { Hash } from "./page.tsx";

type Status = "verified" | "broken" | "unverified";

const SIGNS: Readonly<Record<Status, string>> = { verified: "✓", broken: "✕", unverified: "·" };
const TONES: Readonly<Record<Status, string>> = {
  verified: "good",
  broken: "bad",
  unverified: "plain",
};

export function EvidenceList({
  evidence,
}: {
  evidence: readonly EvidenceSummary[];
}): JSX.Element | null {
  if (evidence.length === 0) return null;
  return (
    <ul class="plain-list">
      {evidence.map((bundle) => (
        <li key={bundle.hash}>
          <p>
            <strong>{bundle.kind}</strong> <Hash value={bundle.hash} /> by {bundle.producedBy}
          </p>
          {bundle.expiresAt === null ? null : (
            <p class="dim">
              good until <Moment at={bundle.expiresAt} />
            </p>
          )}
          <ul class="claims">
            {bundle.claims.map((claim) => (
              <li key={claim.id}>
                <ClaimMark status={statusOf(bundle, claim.id)} /> claim {claim.id}
                <span class="dim"> {claimText(claim)}</span>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function claimText({ confidence, sources, primarySources }: EvidenceSummary["claims"][number]) {
  const counted = `${sources} ${sources === 1 ? "source" : "sources"}`;
  return `confidence ${confidence}, ${counted}, ${primarySources} primary`;
}

function ClaimMark({ status }: { status: Status }): JSX.Element {
  return (
    <span class={`badge tone-${TONES[status]}`}>
      <span aria-hidden="true">{SIGNS[status]}</span> {status}
    </span>
  );
}

/** Only a registered verifier's receipt verifies; what one refuted or could not find is broken. */
function statusOf(bundle: EvidenceSummary, claimId: string): Status {
  const claim = bundle.verification?.claims.find(({ id }) => id === claimId);
  if (claim === undefined) return "unverified";
  if (claim.status === "verified") return "verified";
  return claim.status === "absent" || claim.status === "misattributed" ? "broken" : "unverified";
}
