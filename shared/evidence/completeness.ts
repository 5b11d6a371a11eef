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

/** What a node can look at. A source is the mission's inputs, one direct predecessor, or the node itself. */
export interface GatheredEvidence {
  /** What counts, in order of kind, then of hash; a bundle that several sources hold counts once. */
  readonly current: readonly EvidenceSummary[];
  /** The newest bundle of each kind of every source, also where it does not count: nothing silences it. */
  readonly all: readonly EvidenceSummary[];
}

/**
 * Gathers the bundles of `kinds`. Within a source a later bundle of a kind supersedes the earlier ones.
 * Of a kind the node's own bundle counts when it has one, else those of all `others`.
 *
 * Shape: every source oldest first. O(bundles log bundles). Source: docs/evidence.md.
 */
export function gatherEvidence(
  kinds: readonly string[],
  others: readonly (readonly EvidenceSummary[])[],
  own: readonly EvidenceSummary[],
): GatheredEvidence {
  const required = new Set(kinds);
  const mine = newestOfKinds(own, required);
  const theirs = others.flatMap((source) => [...newestOfKinds(source, required).values()]);
  const counting = [...theirs.filter((bundle) => !mine.has(bundle.kind)), ...mine.values()];
  return {
    current: unique(counting).sort(byKindAndHash),
    all: unique([...theirs, ...mine.values()]),
  };
}

function newestOfKinds(
  source: readonly EvidenceSummary[],
  kinds: ReadonlySet<string>,
): ReadonlyMap<string, EvidenceSummary> {
  const newest = new Map<string, EvidenceSummary>();
  for (const bundle of source) if (kinds.has(bundle.kind)) newest.set(bundle.kind, bundle);
  return newest;
}

function unique(bundles: readonly EvidenceSummary[]): EvidenceSummary[] {
  return [...new Map(bundles.map((bundle) => [bundle.hash, bundle])).values()];
}

function byKindAndHash(a: EvidenceSummary, b: EvidenceSummary): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.hash < b.hash ? -1 : 1;
}

/** Pairs of claims that say different things about one subject and predicate, each pair once. O(claims). */
export function findContradictions(
  bundles: readonly EvidenceSummary[],
): readonly { readonly first: string; readonly second: string }[] {
  const seen = new Map<string, { bundle: EvidenceSummary; claim: ClaimSummary }>();
  const found: { first: string; second: string }[] = [];
  for (const bundle of bundles) {
    for (const claim of bundle.claims) {
      const earlier = seen.get(claim.aboutHash);
      if (!earlier) seen.set(claim.aboutHash, { bundle, claim });
      else if (earlier.claim.valueHash !== claim.valueHash) {
        const isOneKind = earlier.bundle !== bundle && earlier.bundle.kind === bundle.kind;
        const nameOf = isOneKind ? nameWithBundle : nameOfClaim;
        found.push({
          first: nameOf(earlier.bundle, earlier.claim),
          second: nameOf(bundle, claim),
        });
      }
    }
  }
  return found;
}

function nameOfClaim(bundle: EvidenceSummary, claim: ClaimSummary): string {
  return `${bundle.kind}/${claim.id}`;
}

/** Two bundles of one kind are told apart by their ids. */
function nameWithBundle(bundle: EvidenceSummary, claim: ClaimSummary): string {
  return `${nameOfClaim(bundle, claim)} of ${bundle.id}`;
}
