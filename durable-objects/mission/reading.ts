/**
 * The reading side: what a mission answers without changing. Each question comes with the team that asks;
 * another team's mission reads like one that was never opened.
 */
import type { LeaseFact, WantedLease } from "../../shared/lease/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  approvedRequestSeq,
  evidenceIn,
  explainGate,
  type Rejection,
  seqOfEvidence,
  viewApproval,
  viewBlocked,
  viewMission,
  viewReady,
  type Wondering,
} from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { GENESIS_HASH, type Head } from "../../shared/trace/index.ts";
import type { MissionRpc } from "../../shared/wire/rpc.ts";
import type { Journal } from "./journal.ts";
import { type Loaded, stateFor } from "./load.ts";

export interface ReadingDeps {
  readonly journal: Journal;
  load(): Loaded;
  isOwn(team: string): boolean;
  nowMs(): number;
  /** What the arbiters would say to a node; gives nothing. Never throws. */
  peek(wanted: WantedLease): Promise<LeaseFact>;
}

type Answer<Method extends keyof MissionRpc> = Awaited<ReturnType<MissionRpc[Method]>>;

export interface Reading {
  view(team: string): Answer<"view">;
  ready(team: string): Answer<"ready">;
  blocked(team: string): Answer<"blocked">;
  /** Asks `peek` where only the arbiters could still mind; what moved meanwhile is looked at anew. */
  explain(team: string, nodeId: string, wondering: Wondering | null): Promise<Answer<"explain">>;
  evidence(team: string, hash: string): Answer<"evidence">;
  approval(team: string, nodeId: string): Answer<"approval">;
  trace(team: string, after: number, limit: number): Answer<"readTrace">;
  /** The head of a mission that verifies; what does not is never shown to be signed. */
  soundHead(team: string): Result<Head, Rejection>;
}

export function createReading(deps: ReadingDeps): Reading {
  const stateOf = (team: string) => stateFor(deps.load(), team);
  const unknown = () => err({ reason: "mission_unknown" } as const);
  return {
    view(team) {
      const state = stateOf(team);
      if (!state) return unknown();
      return ok({ view: viewMission(state), head: state.head, broken: brokenOf(deps.load()) });
    },
    ready(team) {
      const state = stateOf(team);
      return state ? ok({ nodes: viewReady(state), head: state.head }) : unknown();
    },
    blocked(team) {
      const state = stateOf(team);
      return state ? ok({ blocked: viewBlocked(state), head: state.head }) : unknown();
    },
    async explain(team, nodeId, wondering) {
      const explain = (fact: LeaseFact | null) =>
        explainGate(stateOf(team), nodeId, wondering, unixMsToIso(deps.nowMs()), fact);
      const alone = explain(null);
      if (!alone.ok) return alone;
      const { wanted } = alone.value;
      const explained = wanted === null ? alone : explain(await deps.peek(wanted));
      if (!explained.ok) return explained;
      const { gateResult, gateDigest } = explained.value;
      const state = stateOf(team);
      return state ? ok({ gateResult, gateDigest, head: state.head }) : unknown();
    },
    evidence(team, hash) {
      const state = stateOf(team);
      if (!state) return unknown();
      const seq = seqOfEvidence(state, hash);
      const event = seq === null ? undefined : deps.journal.read(seq - 1, 1)[0];
      const stored = event && evidenceIn(event, hash);
      return stored ? ok(stored) : err({ reason: "evidence_unknown", hash });
    },
    approval(team, nodeId) {
      const state = stateOf(team);
      if (!state) return unknown();
      const seq = approvedRequestSeq(state, nodeId);
      const approved = seq === null ? undefined : deps.journal.read(seq - 1, 1)[0];
      const viewed = viewApproval(state, nodeId, approved ?? null);
      return viewed.ok ? ok({ approval: viewed.value, head: state.head }) : viewed;
    },
    trace(team, after, limit) {
      // Served from the rows as they are: a broken trace must stay readable to be examined.
      if (deps.load().kind === "unknown" || !deps.isOwn(team)) return unknown();
      const events = deps.journal.read(after, Math.min(limit, LIMITS.tracePageMax));
      return ok({ events, head: journalHead(deps.journal) });
    },
    soundHead(team) {
      const state = stateOf(team);
      if (!state) return unknown();
      const broken = brokenOf(deps.load());
      return broken ? err({ reason: "mission_broken", ...broken }) : ok(state.head);
    },
  };
}

function brokenOf(loaded: Loaded): Extract<Loaded, { kind: "broken" }>["broken"] | null {
  return loaded.kind === "broken" ? loaded.broken : null;
}

/** Of the rows as they are; the hash is made up where the last row cannot be read, and nothing matches it. */
function journalHead(journal: Journal): Head {
  const seq = journal.lastSeq();
  const [last] = journal.read(seq - 1, 1);
  return { seq, hash: last?.hash ?? GENESIS_HASH };
}
