/**
 * A policy before it counts: run over what was recorded, and on trial beside the active one. What flips, and which
 * decisions of people it contradicts, stands above its activation. Specification: docs/policy.md.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../announce.ts";
import type { PolicyRecord, PolicyRun, ShadowRun } from "../answers.ts";
import { ask, useResource, type Problem } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { Empty, Facts, ProblemNote } from "../parts/page.tsx";
import { addressOf } from "../router.ts";
import { hasRole, useSession } from "../session.ts";

/** Every recorded decision asked again under this version, a page of missions at a time; nothing is recorded. */
export function RecordedRun({ version }: { version: string }): JSX.Element {
  const [pages, setPages] = useState<readonly PolicyRun[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isRunning, setRunning] = useState(false);
  const next = pages.at(-1)?.nextCursor ?? null;
  const run = async (cursor: string | null) => {
    setRunning(true);
    const body = { over: "recorded", ...(cursor === null ? {} : { cursor }) };
    const answered = await ask<PolicyRun>(shadowAddress(version), { body });
    setRunning(false);
    setProblem(answered.ok ? null : answered.error);
    if (!answered.ok) return;
    setPages((before) => [...(cursor === null ? [] : before), answered.value]);
    announce(`${answered.value.decisions} decisions were made again`);
  };
  return (
    <section aria-labelledby="recorded">
      <h2 id="recorded">Over recorded missions</h2>
      <p>
        <button type="button" disabled={isRunning} onClick={() => void run(null)}>
          {isRunning ? "Deciding again…" : "Decide them again under this version"}
        </button>{" "}
        <span class="dim">records nothing</span>
      </p>
      <ProblemNote problem={problem} />
      {pages.length === 0 ? null : (
        <>
          <RunCounts runs={pages} />
          <Contradictions runs={pages} />
          <Flips flips={pages.flatMap(({ flips }) => flips)} />
        </>
      )}
      {next === null ? null : (
        <p>
          <button type="button" disabled={isRunning} onClick={() => void run(next)}>
            Go on with older ones
          </button>
        </p>
      )}
    </section>
  );
}

/** What both kinds of run count. */
type Counted = Pick<
  PolicyRun,
  "missions" | "decisions" | "same" | "wouldAllow" | "wouldStop" | "otherwise" | "unread" | "isCut"
>;

function RunCounts({ runs }: { runs: readonly Counted[] }): JSX.Element {
  const sum = (count: (run: Counted) => number) =>
    String(runs.reduce((total, run) => total + count(run), 0));
  const unread = runs.flatMap((run) => run.unread);
  return (
    <>
      <Facts
        items={[
          ["Missions", sum(({ missions }) => missions)],
          ["Decisions", sum(({ decisions }) => decisions)],
          ["The same", sum(({ same }) => same)],
          ["Would allow", sum(({ wouldAllow }) => wouldAllow)],
          ["Would stop", sum(({ wouldStop }) => wouldStop)],
          ["Otherwise", sum(({ otherwise }) => otherwise)],
        ]}
      />
      {unread.length === 0 ? null : (
        <p class="note tone-wait">
          {unread.length} missions could not be read to their end, so they say nothing here.
        </p>
      )}
      {runs.some(({ isCut }) => isCut) ? (
        <p class="dim">There are more findings than are listed.</p>
      ) : null}
    </>
  );
}

const CONTRADICTS: Readonly<Record<PolicyRun["contradictions"][number]["kind"], string>> = {
  approved_now_blocked: "approved what this version would block",
  denied_now_unasked: "denied what this version would let pass without asking anybody",
};

function Contradictions({ runs }: { runs: readonly PolicyRun[] }): JSX.Element {
  const found = runs.flatMap(({ contradictions }) => contradictions);
  return (
    <>
      <h3>Against what people decided</h3>
      {found.length === 0 ? (
        <p>It contradicts nobody.</p>
      ) : (
        <ul class="plain-list">
          {found.map((each) => (
            <li key={each.missionId + String(each.seq)}>
              <span class="badge tone-bad">
                <span aria-hidden="true">✕</span> contradicts
              </span>{" "}
              <strong>{each.person}</strong> {CONTRADICTS[each.kind]}: <EventLink {...each} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Flips({ flips }: { flips: PolicyRun["flips"] }): JSX.Element {
  return (
    <>
      <h3>What would be another</h3>
      {flips.length === 0 ? <p>No verdict.</p> : null}
      <ul class="plain-list">
        {flips.map((flip) => (
          <li key={flip.missionId + String(flip.seq)}>
            <Badge word={flip.from} /> would be <Badge word={flip.to} /> <EventLink {...flip} />
          </li>
        ))}
      </ul>
    </>
  );
}

function EventLink({
  missionId,
  nodeId,
  seq,
}: {
  missionId: string;
  nodeId: string;
  seq: number;
}): JSX.Element {
  return (
    <a href={addressOf(["missions", missionId, "trace"], { at: String(seq) })}>
      {nodeId}, event {seq}
    </a>
  );
}

/** The version on live missions, recording what it would have said; it decides nothing. */
export function Trial({
  policy,
  onDone,
}: {
  policy: PolicyRecord;
  onDone: () => void;
}): JSX.Element | null {
  const session = useSession();
  const { version, state } = policy;
  const isOn = state === "shadow";
  const address = isOn ? shadowAddress(version) : null;
  const { data, problem } = useResource<ShadowRun>(address);
  if (!isOn && state !== "proposed") return null;
  const turn = async () => {
    const answered = await ask(shadowAddress(version), { body: { over: "live", on: !isOn } });
    if (!answered.ok) return answered.error;
    announce(isOn ? "The trial is over" : "The version is on trial");
    onDone();
    return null;
  };
  return (
    <section aria-labelledby="trial">
      <h2 id="trial">On trial</h2>
      {hasRole(session, "operator", "approver") ? (
        <Confirm
          label={isOn ? "End the trial" : "Put it on trial"}
          says={
            isOn
              ? "Missions that open from now on no longer ask this version. What was recorded stays."
              : "Missions that open from now on ask this version beside the active one and record what it would have said. It decides nothing."
          }
          onConfirm={turn}
        />
      ) : null}
      <ProblemNote problem={problem} />
      {!isOn ? null : data === null ? (
        <Empty loading={problem === null}>Nothing</Empty>
      ) : (
        <>
          <RunCounts runs={[data]} />
          <Flips flips={data.examples} />
        </>
      )}
    </section>
  );
}

function shadowAddress(version: string): string {
  return `/v1/policies/${encodeURIComponent(version)}/shadow`;
}
