/**
 * The mission's journal as a Merkle log: built when somebody asks for a head or proof, kept in memory, and
 * continued from there. A command pays nothing for it. Every event is verified on its way in, because what
 * comes out is going to be signed. Specification: docs/transparency.md; the choice: docs/decisions/0012.
 */
import { canonicalJson } from "../../shared/canonical.ts";
import { createMerkleTree, leafHash, type MerkleTree } from "../../shared/log/index.ts";
import type { Rejection } from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { EMPTY_HEAD, type Head, verifyTrace } from "../../shared/trace/index.ts";
import type { Journal } from "./journal.ts";

export interface MissionLog {
  /** The log of at least the events up to `target`, which must be the journal's own. */
  upTo(target: Head): Promise<Result<MerkleTree, Rejection>>;
}

/** Events taken in one go: about 9 ms, in which no command is served. */
const PAGE_EVENTS = 256;

export function createMissionLog(journal: Pick<Journal, "read">): MissionLog {
  const tree = createMerkleTree();
  let head: Head = EMPTY_HEAD;
  return {
    async upTo(target) {
      // Each round is synchronous, so two callers in here at once share the work and not a step of it.
      while (head.seq < target.seq) {
        const events = journal.read(head.seq, Math.min(PAGE_EVENTS, target.seq - head.seq));
        const verified = verifyTrace(events, { from: head });
        if (!verified.ok) return broken(verified.error.seq, verified.error.detail);
        if (events.length === 0) return broken(head.seq + 1, "the journal ends before its head");
        for (const event of events) tree.append(leafHash(canonicalJson(event)));
        head = verified.value.head;
        if (head.seq < target.seq) await turn();
      }
      return head.seq > target.seq || head.hash === target.hash
        ? ok(tree)
        : broken(target.seq, "the journal's last event is not the mission's head");
    },
  };
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
