/**
 * The mission's journal as a Merkle log: built when somebody asks for a head or proof, kept in memory, and
 * continued from there. A command pays nothing for it. Every event is verified on its way in, because what
 * comes out is going to be signed. Specification: docs/transparency.md; the choice: docs/decisions/0012.
 */
import { canonicalJson } from "../../shared/canonical.ts";
import {
  createMerkleTree,
  leafHash,
  logConsistency,
  logHead,
  logInclusion,
  type LogConsistency,
  type LogHead,
  type LogInclusion,
  type LogReject,
  type MerkleTree,
} from "../../shared/log/index.ts";
import type { Rejection } from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { EMPTY_HEAD, type Head, type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";

export interface MissionLogDeps {
  /** Events with seq > after, at most `limit`, in order; synchronous. */
  read(after: number, limit: number): readonly TraceEvent[];
  /** Told when the journal turns out not to be what the mission remembers. */
  onBroken(): void;
}

type Answer<T> = Promise<Result<T, Rejection | LogReject>>;

/** Each question comes with the head of the mission that asks, or why it has none to show. */
export interface MissionLog {
  head(
    target: Result<Head, Rejection>,
    size: number | null,
  ): Answer<LogHead & { readonly at: string | null }>;
  inclusion(
    target: Result<Head, Rejection>,
    seq: number,
    size: number | null,
  ): Answer<LogInclusion>;
  consistency(
    target: Result<Head, Rejection>,
    from: number,
    to: number | null,
  ): Answer<LogConsistency>;
}

/** Events taken in one go: about 9 ms, in which no command is served. */
const PAGE_EVENTS = 256;

export function createMissionLog(deps: MissionLogDeps): MissionLog {
  const memory: Memory = { tree: createMerkleTree(), head: EMPTY_HEAD };
  const ask = async <T>(
    target: Result<Head, Rejection>,
    answer: (tree: MerkleTree) => Result<T, LogReject>,
  ): Answer<T> => {
    if (!target.ok) return target;
    const caughtUp = await catchUp(memory, target.value, deps);
    if (caughtUp.ok) return answer(memory.tree);
    deps.onBroken();
    return caughtUp;
  };
  return {
    head: (target, asked) =>
      ask(target, (tree) => {
        const head = logHead(tree, asked);
        if (!head.ok) return head;
        const [last] = head.value.size === 0 ? [] : deps.read(head.value.size - 2, 1);
        return ok({ ...head.value, at: last?.at ?? null });
      }),
    inclusion: (target, seq, size) => ask(target, (tree) => logInclusion(tree, seq, size)),
    consistency: (target, from, to) => ask(target, (tree) => logConsistency(tree, from, to)),
  };
}

interface Memory {
  readonly tree: MerkleTree;
  /** Of the last event in the tree. */
  head: Head;
}

/** Each round is synchronous, so two callers in here at once share the work and not a step of it. */
async function catchUp(
  memory: Memory,
  target: Head,
  deps: MissionLogDeps,
): Promise<Result<null, Rejection>> {
  while (memory.head.seq < target.seq) {
    const { head, tree } = memory;
    const events = deps.read(head.seq, Math.min(PAGE_EVENTS, target.seq - head.seq));
    const verified = verifyTrace(events, { from: head });
    if (!verified.ok) return broken(verified.error.seq, verified.error.detail);
    if (events.length === 0) return broken(head.seq + 1, "the journal ends before its head");
    for (const event of events) tree.append(leafHash(canonicalJson(event)));
    memory.head = verified.value.head;
    if (memory.head.seq < target.seq) await turn();
  }
  return memory.head.seq > target.seq || memory.head.hash === target.hash
    ? ok(null)
    : broken(target.seq, "the journal's last event is not the mission's head");
}

function broken(seq: number, detail: string): Result<never, Rejection> {
  return err({ reason: "mission_broken", seq, detail });
}

/** Lets commands that wait have their turn. */
async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
