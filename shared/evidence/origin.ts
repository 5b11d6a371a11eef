/**
 * Where sources come from, and how many of them are independent of each other. Two sources are
 * independent when neither their authority nor any author is the same; what cannot be told apart
 * counts as the same. Specification: docs/evidence.md, "Independent sources".
 */
import { hashJson } from "../canonical.ts";
import type { EvidenceClaim } from "./bundle.ts";

export interface SourceOrigin {
  /** The source itself; two that name one identifier are one source. */
  readonly identifier: string;
  /** Who answers for the identifier: a DOI registrant, arXiv, a host, or nobody known (`sha256`). */
  readonly authority: string;
  /** Normalised author names. */
  readonly authors: readonly string[];
}

/** One text for what is meant as one: NFC, trimmed, A-Z as a-z. Nothing else is folded. */
function normalizedText(text: string): string {
  return text
    .normalize("NFC")
    .trim()
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The key of what a claim is about: SHA-256 over the JCS bytes of [subject, predicate], both normalised. */
export function aboutKey(subject: string, predicate: string): string {
  return hashJson([normalizedText(subject), normalizedText(predicate)]);
}

/** Missions of an earlier generation told sources apart by the letters of their identifiers. */
const RESOLVED_FROM_RULES = 3;

/** Where a source comes from, in a mission of this generation of the rules. */
export function originOf(
  source: EvidenceClaim["sources"][number],
  rules: number = RESOLVED_FROM_RULES,
): SourceOrigin {
  const written = normalizedText(source.identifier);
  const isResolved = rules >= RESOLVED_FROM_RULES;
  const identifier = isResolved ? resolvedIdentifier(written) : written;
  return {
    identifier,
    authority: isResolved ? authorityOf(identifier) : writtenAuthorityOf(identifier),
    authors: [...new Set(source.authors.map(normalizedText))].sort(),
  };
}

/** A DOI and an arXiv number are also written as addresses, and arXiv's numbers as DOIs. */
function resolvedIdentifier(written: string): string {
  const address = /^https:\/\/(?:dx\.|www\.)?doi\.org\/(10\..+)$/.exec(written);
  const doi = address ? `doi:${address[1]}` : written;
  const number =
    /^doi:10\.48550\/arxiv\.(.+)$/.exec(doi) ??
    /^https:\/\/(?:www\.|export\.)?arxiv\.org\/(?:abs|pdf|html)\/(.+?)(?:\.pdf)?$/.exec(doi);
  return number ? `arxiv:${number[1]}` : doi;
}

function authorityOf(identifier: string): string {
  const [scheme, name] = split(identifier);
  if (scheme === "doi") return `doi:${name.split("/")[0] ?? ""}`;
  // A content hash says what was read, not who said it; all of arXiv is one place of publication.
  if (scheme !== "https") return scheme;
  // As a client would read it: a backslash ends the host, %6f and wide letters are what they stand for.
  if (!URL.canParse(identifier)) return "https:";
  const host = new URL(identifier).hostname.replace(/\.+$/, "").replace(/^(www\.)+/, "");
  if (host === "arxiv.org" || host.endsWith(".arxiv.org")) return "arxiv";
  return `https:${host}`;
}

function writtenAuthorityOf(identifier: string): string {
  const [scheme, name] = split(identifier);
  if (scheme === "doi") return `doi:${name.split("/")[0] ?? ""}`;
  if (scheme !== "https") return scheme;
  const host = name.replace(/^\/\//, "").split(/[/?#]/)[0] ?? "";
  const bare = (host.split("@").at(-1) ?? "").replace(/:\d*$/, "").replace(/\.$/, "");
  return `https:${bare.replace(/^www\./, "")}`;
}

function split(identifier: string): readonly [scheme: string, name: string] {
  const colon = identifier.indexOf(":");
  return [identifier.slice(0, colon), identifier.slice(colon + 1)];
}

/** How many different sources there are. */
export function countSources(origins: readonly SourceOrigin[]): number {
  return new Set(origins.map((origin) => origin.identifier)).size;
}

/**
 * How many groups of sources share no authority and no author with any other group: one of each is
 * a set of sources independent in pairs. Never more than there really are. O(sources + authors).
 */
export function countIndependent(origins: readonly SourceOrigin[]): number {
  const parent = origins.map((_, index) => index);
  const rootOf = (index: number): number => {
    let at = index;
    for (let up = parent[at] ?? at; up !== at; up = parent[at] ?? at) at = up;
    return at;
  };
  const first = new Map<string, number>();
  for (const [index, { authority, authors }] of origins.entries()) {
    for (const trait of [`authority ${authority}`, ...authors.map((name) => `author ${name}`)]) {
      const other = first.get(trait);
      if (other === undefined) first.set(trait, index);
      else parent[rootOf(index)] = rootOf(other);
    }
  }
  return new Set(origins.map((_, index) => rootOf(index))).size;
}
