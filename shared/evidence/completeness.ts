/**
 * From a bundle to the summary the gates need, and the questions the evidence gate asks of it.
 * Refuses to average: a contradiction is named, never resolved. Specification: docs/evidence.md.
 */
import { hashJson } from "../canonical.ts";
import type { EvidenceBundle } from "./bundle.ts";
import { aboutKey, originOf, type SourceOrigin } from "./origin.ts";

/** What verifiers say of a claim, all their receipts taken together (docs/evidence.md). */
export type ClaimStatus =
  | "verified"
  | "absent"
  | "misattributed"
  | "unavailable"
  | "unclear"
  | "disagreement";

/** The outcome of checking a bundle's receipts; only bundles that carry any have it. */
export interface EvidenceVerification {
  /** The bundle's hash without receipts: what a receipt is about. */
  readonly contentHash: string;
  /** SHA-256 of each receipt's text: what a later bundle of the same content may not leave out. */
  readonly receiptHashes: readonly string[];
  /** Claims that some receipt is about, in the order of the bundle's claims. */
  readonly claims: readonly VerifiedClaim[];
}

export interface VerifiedClaim {
  readonly id: string;
  readonly status: ClaimStatus;
  /** Distinct verifier families that found and supported the claim. */
  readonly families: number;
}

/** What the state keeps of a bundle; the bundle itself stays in the trace. */
export interface EvidenceSummary {
  readonly id: string;
  readonly hash: string;
  readonly kind: string;
  readonly producedBy: string;
  readonly expiresAt: string | null;
  readonly claims: readonly ClaimSummary[];
  readonly verification?: EvidenceVerification;
  /** The event that holds the bundle, where it is known. Not in views. */
  readonly seq?: number;
}

export interface ClaimSummary {
  readonly id: string;
  readonly aboutHash: string;
  readonly valueHash: string;
  readonly confidence: number;
  readonly sources: number;
  readonly primarySources: number;
  /** Claims about one thing share this; different values under one key contradict each other. Not in views. */
  readonly aboutKey?: string;
  /** Where its sources come from. Not in views. */
  readonly origins?: readonly SourceOrigin[];
}

/** Reduces a bundle to its summary, in a mission of this generation of the rules. O(claims + sources). */
export function summarizeEvidence(
  bundle: EvidenceBundle,
  verification?: EvidenceVerification,
  rules?: number,
): EvidenceSummary {
  const summary = {
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
      aboutKey: aboutKey(claim.subject, claim.predicate),
      origins: claim.sources.map((source) => originOf(source, rules)),
    })),
  };
  return verification === undefined ? summary : { ...summary, verification };
}

/** A summary as views show it: without what only the gates look at, so that state hashes stay what they were. */
export function shownEvidence(summary: EvidenceSummary): EvidenceSummary {
  const claims = summary.claims.map(
    ({ aboutKey: _aboutKey, origins: _origins, ...claim }) => claim,
  );
  const { seq: _seq, ...shown } = summary;
  return { ...shown, claims };
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
      const key = claim.aboutKey ?? claim.aboutHash;
      const earlier = seen.get(key);
      if (!earlier) seen.set(key, { bundle, claim });
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
