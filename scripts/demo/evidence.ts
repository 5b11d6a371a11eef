/**
 * Short forms for the evidence that stories are told with. Data only; what is enough, the gates decide.
 */
import type { EvidenceInput } from "../../shared/evidence/index.ts";

type Claim = EvidenceInput["claims"][number];
type Source = Claim["sources"][number];

/** A bundle of claims about one kind of thing. */
export function bundle(kind: string, ...claims: readonly Claim[]): EvidenceInput {
  return { kind, claims: [...claims], receipts: [] };
}

/** A claim: what is said about what, how sure, and on what ground. */
export function claim(
  id: string,
  [subject, predicate, value]: readonly [string, string, string | number | boolean],
  confidence: number,
  ...sources: readonly Source[]
): Claim {
  const statement = `${subject} ${predicate} ${value}`;
  return { id, subject, predicate, value, statement, confidence, sources: [...sources] };
}

export function primary(identifier: string, title: string): Source {
  return { identifier, kind: "primary", title, authors: [] };
}

export function secondary(identifier: string, title: string): Source {
  return { identifier, kind: "secondary", title, authors: [] };
}
