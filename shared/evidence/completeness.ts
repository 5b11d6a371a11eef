/**
 * From a bundle to the summary the gates need, and the questions the evidence gate asks of it.
 */
import { hashJson } from "../canonical.ts";
import type { EvidenceBundle } from "./bundle.ts";

/** What the state keeps of a bundle; the bundle itself stays in the trace. */
export interface EvidenceSummary {
  readonly id: string;
  readonly hash: string;
  readonly kind: string;
  readonly producedBy: string;
  readonly expiresAt: string | null;
  readonly claims: readonly ClaimSummary[];
}

export interface ClaimSummary {
  readonly id: string;
  /** Claims about one thing share this; different values under one key contradict each other. */
  readonly aboutHash: string;
  readonly valueHash: string;
  readonly confidence: number;
  readonly sources: number;
  readonly primarySources: number;
}

/** Reduces a bundle to its summary. O(claims). */
export function summarizeEvidence(bundle: EvidenceBundle): EvidenceSummary {
  return {
    id: bundle.id,
    hash: bundle.hash,
    kind: bundle.kind,
    producedBy: bundle.producedBy,
    expiresAt: bundle.expiresAt,
    claims: bundle.claims.map((claim) => ({
      id: claim.id,
      aboutHash: hashJson([claim.subject, claim.predicate]),
      valueHash: hashJson(claim.value),
      confidence: claim.confidence,
      sources: claim.sources.length,
      primarySources: claim.sources.filter((source) => source.kind === "primary").length,
    })),
  };
}

/** The newest bundle of each kind, in order of kind; a later bundle of a kind supersedes earlier ones. */
export function currentEvidence(bundles: readonly EvidenceSummary[]): readonly EvidenceSummary[] {
  const byKind = new Map<string, EvidenceSummary>();
  for (const bundle of bundles) byKind.set(bundle.kind, bundle);
  return [...byKind.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

/** Pairs of claims that say different things about one subject and predicate, each pair once. O(claims). */
export function findContradictions(
  bundles: readonly EvidenceSummary[],
): readonly { readonly first: string; readonly second: string }[] {
  const seen = new Map<string, { valueHash: string; name: string }>();
  const found: { first: string; second: string }[] = [];
  for (const bundle of bundles) {
    for (const claim of bundle.claims) {
      const name = `${bundle.kind}/${claim.id}`;
      const earlier = seen.get(claim.aboutHash);
      if (!earlier) seen.set(claim.aboutHash, { valueHash: claim.valueHash, name });
      else if (earlier.valueHash !== claim.valueHash)
        found.push({ first: earlier.name, second: name });
    }
  }
  return found;
}
