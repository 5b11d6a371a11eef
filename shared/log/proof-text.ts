/**
 * Proofs as text, each with the checkpoint it leads to: a `.tlog-proof` shows that an entry is in a log,
 * an add-checkpoint request shows a witness that a log only grew. Reads strictly; checks no proof.
 * Specification: c2sp.org/tlog-proof, c2sp.org/tlog-witness ("add-checkpoint").
 */
import { base64Decode, base64Encode } from "../crypto.ts";
import { invariant } from "../invariant.ts";
import { err, ok, type Result } from "../result.ts";
import { HASH_BYTES, type Hash } from "./hash.ts";

export interface InclusionText {
  readonly index: number;
  readonly proof: readonly Hash[];
  /** The checkpoint as the log signed it, verbatim. */
  readonly checkpoint: string;
}

export interface ConsistencyText {
  /** The size the witness has seen. */
  readonly from: number;
  readonly proof: readonly Hash[];
  readonly checkpoint: string;
}

export type ProofTextReject = { readonly reason: "proof_malformed"; readonly detail: string };

const TLOG_PROOF = "c2sp.org/tlog-proof@v1";
const COUNT = "(0|[1-9]\\d{0,15})";
/** A tree of 2^63 entries has proofs of 63 hashes. */
const HASHES_MAX = 63;

/** The text of a `.tlog-proof` file. */
export function formatInclusionText({ index, proof, checkpoint }: InclusionText): string {
  return [TLOG_PROOF, `index ${countOf(index)}`, ...proof.map(base64Encode), "", checkpoint].join(
    "\n",
  );
}

/** Reads a `.tlog-proof`; its `extra` line is allowed and, being unauthenticated, left out. */
export function parseInclusionText(text: string): Result<InclusionText, ProofTextReject> {
  const parts = partsOf(text);
  const [version, ...rest] = parts.head;
  if (version !== TLOG_PROOF) return malformed(`the first line is not ${TLOG_PROOF}`);
  const [extra = ""] = rest;
  const [line = "", ...hashes] = extra.startsWith("extra ") ? rest.slice(1) : rest;
  if (extra.startsWith("extra ") && base64Decode(extra.slice(6)) === null) {
    return malformed("the extra data is not base64");
  }
  return withProof("index", line, hashes, (index, proof) => ({
    index,
    proof,
    checkpoint: parts.checkpoint,
  }));
}

/** The body of a witness's add-checkpoint request. */
export function formatConsistencyText({ from, proof, checkpoint }: ConsistencyText): string {
  return [`old ${countOf(from)}`, ...proof.map(base64Encode), "", checkpoint].join("\n");
}

/** Reads the body of an add-checkpoint request. */
export function parseConsistencyText(text: string): Result<ConsistencyText, ProofTextReject> {
  const parts = partsOf(text);
  const [line = "", ...hashes] = parts.head;
  return withProof("old", line, hashes, (from, proof) => ({
    from,
    proof,
    checkpoint: parts.checkpoint,
  }));
}

function partsOf(text: string): { readonly head: readonly string[]; readonly checkpoint: string } {
  const blank = text.indexOf("\n\n");
  if (blank < 0) return { head: text.split("\n"), checkpoint: "" };
  return { head: text.slice(0, blank).split("\n"), checkpoint: text.slice(blank + 2) };
}

function withProof<T extends { readonly checkpoint: string }>(
  word: string,
  line: string,
  hashes: readonly string[],
  build: (count: number, proof: readonly Hash[]) => T,
): Result<T, ProofTextReject> {
  const [, digits] = new RegExp(`^${word} ${COUNT}$`).exec(line) ?? [];
  const count = Number(digits ?? Number.NaN);
  if (!Number.isSafeInteger(count)) return malformed(`the line "${word} <count>" is missing`);
  if (hashes.length > HASHES_MAX) return malformed("there are more hashes than any log needs");
  const proof: Hash[] = [];
  for (const base64 of hashes) {
    const hash = base64Decode(base64);
    if (hash?.length !== HASH_BYTES) return malformed("a line is no SHA-256 in base64");
    proof.push(hash);
  }
  const built = build(count, proof);
  return built.checkpoint === "" ? malformed("there is no checkpoint") : ok(built);
}

function countOf(count: number): string {
  invariant(Number.isSafeInteger(count) && count >= 0, "a place in a log is a count");
  return String(count);
}

function malformed(detail: string): Result<never, ProofTextReject> {
  return err({ reason: "proof_malformed", detail });
}
