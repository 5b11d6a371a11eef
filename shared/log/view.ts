/**
 * What a log answers to whoever asks for a head or a proof, as plain data with hashes in hex: the questions
 * are the same for a mission's log and a team's. Refuses sizes and places that the log does not have.
 * Specification: docs/transparency.md.
 */
import { canonicalJson } from "../canonical.ts";
import { err, ok, type Result } from "../result.ts";
import { hashToHex } from "./hash.ts";
import type { MerkleTree } from "./tree.ts";

export interface LogHead {
  readonly size: number;
  readonly root: string;
}

export interface LogInclusion extends LogHead {
  readonly index: number;
  readonly leafHash: string;
  /** From the leaf's sibling up. */
  readonly proof: readonly string[];
}

export interface LogConsistency {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: string;
  readonly toRoot: string;
  readonly proof: readonly string[];
}

export type LogReject = {
  readonly reason: "log_point_unknown";
  /** Entries the log has. */
  readonly size: number;
  readonly detail: string;
};

/** One entry of a team's log: what one of its missions' logs was at some size. */
export interface TeamLogEntry extends LogHead {
  readonly missionId: string;
  /** The time of the mission's last event of that size. */
  readonly at: string;
}

/** The head at a size; null for all there is. */
export function logHead(tree: MerkleTree, asked: number | null): Result<LogHead, LogReject> {
  const size = asked ?? tree.size();
  if (size > tree.size()) return unknown(tree, `the log has no size ${size}`);
  return ok({ size, root: hashToHex(tree.root(size)) });
}

/** That the entry at `index` is in the log of `asked` entries; null for all there are. */
export function logInclusion(
  tree: MerkleTree,
  index: number,
  asked: number | null,
): Result<LogInclusion, LogReject> {
  const head = logHead(tree, asked);
  if (!head.ok) return head;
  const { size, root } = head.value;
  if (index >= size) return unknown(tree, `the log of ${size} has no entry ${index}`);
  const proof = tree.inclusionProof(index, size).map(hashToHex);
  return ok({ index, size, root, leafHash: hashToHex(tree.leaf(index)), proof });
}

/** That the log of `to` entries begins with the log of `from`; `to` null for all there are. */
export function logConsistency(
  tree: MerkleTree,
  from: number,
  to: number | null,
): Result<LogConsistency, LogReject> {
  const later = logHead(tree, to);
  if (!later.ok) return later;
  const { size, root: toRoot } = later.value;
  if (from > size) return unknown(tree, `the log of ${size} was never larger`);
  const fromRoot = hashToHex(tree.root(from));
  const proof = tree.consistencyProof(from, size).map(hashToHex);
  return ok({ from, to: size, fromRoot, toRoot, proof });
}

/** The bytes of a team log's entry, as text. */
export function teamLogLeaf({ missionId, size, root, at }: TeamLogEntry): string {
  return canonicalJson({ missionId, size, root, at });
}

/** Names a mission's log; `host` is the API's, with its port where it has one. */
export function missionOrigin(host: string, team: string, missionId: string): string {
  return `${host}/${encodeURIComponent(team)}/${missionId}`;
}

/** Names a team's log. A mission's id never is `log`. */
export function teamOrigin(host: string, team: string): string {
  return `${host}/${encodeURIComponent(team)}/log`;
}

function unknown(tree: MerkleTree, detail: string): Result<never, LogReject> {
  return err({ reason: "log_point_unknown", size: tree.size(), detail });
}
