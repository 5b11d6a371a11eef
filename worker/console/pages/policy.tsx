/**
 * One policy version: its document, how it differs from another, what it would have decided over recorded
 * missions, and its activation by a signature.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ListOf, PolicyRecord, PolicyRun } from "../answers.ts";
import { ask, useResource, type Problem } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Diff } from "../parts/diff.tsx";
import { Choice, Filters } from "../parts/filters.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Facts, Json, Page, ProblemNote } from "../parts/page.tsx";
import { addressOf, type Place } from "../router.ts";
import { Activate } from "./activate.tsx";

/** `against` in the query names the version to compare with; the active one unless it is given. */
export function PolicyPage({ version, place }: { version: string; place: Place }): JSX.Element {
  const { data, problem, reload } = useResource<ListOf<PolicyRecord>>("/v1/policies");
  const policy = data?.items.find((each) => each.version === version) ?? null;
  return (
    <Page
      title={policy?.document.name ?? "Policy"}
      above={<a href={addressOf(["policies"])}>Policies</a>}
      aside={policy && <Badge word={policy.state} />}
    >
      <ProblemNote problem={problem} />
      {policy === null ? (
        problem === null && <Empty loading={data === null}>There is no such version.</Empty>
      ) : (
        <>
          <PolicyFacts policy={policy} />
          {policy.state === "proposed" || policy.state === "shadow" ? (
            <Activate policy={policy} onDone={reload} />
          ) : null}
          <Comparison
            policy={policy}
            all={data?.items ?? []}
            against={place.query.get("against")}
          />
          <RecordedRun version={version} />
          <section aria-labelledby="document">
            <h2 id="document">The document</h2>
            <Json value={policy.document} label="Policy document" />
          </section>
        </>
      )}
    </Page>
  );
}

function PolicyFacts({ policy }: { policy: PolicyRecord }): JSX.Element {
  return (
    <Facts
      items={[
        ["Version", <code class="hash">{policy.version}</code>],
        ["Hash", <code class="hash">{policy.hash}</code>],
        ["Says", policy.document.description],
        [
          "Proposed",
          <>
            <Moment at={policy.proposedAt} /> by {policy.proposedBy}
          </>,
        ],
        [
          "Activated",
          policy.activatedAt && (
            <>
              <Moment at={policy.activatedAt} /> by {policy.activatedBy}
            </>
          ),
        ],
      ]}
    />
  );
}

function Comparison({
  policy,
  all,
  against,
}: {
  policy: PolicyRecord;
  all: readonly PolicyRecord[];
  against: string | null;
}): JSX.Element | null {
  const others = all.filter(({ version }) => version !== policy.version);
  const other =
    others.find(({ version }) => version === against) ??
    others.find(({ state }) => state === "active") ??
    others[0];
  if (other === undefined) return null;
  return (
    <section aria-labelledby="difference">
      <h2 id="difference">Difference</h2>
      <Filters>
        <Choice
          name="against"
          label="Compared with"
          options={others.map(({ version }) => version)}
          value={other.version}
          any={null}
        />
      </Filters>
      <Diff
        before={other.document}
        after={policy.document}
        label={`From ${other.version} to ${policy.version}`}
      />
    </section>
  );
}

/** Every recorded decision asked again under this version; nothing is recorded. */
function RecordedRun({ version }: { version: string }): JSX.Element {
  const [run, setRun] = useState<PolicyRun | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isRunning, setRunning] = useState(false);
  const start = async () => {
    setRunning(true);
    const address = `/v1/policies/${encodeURIComponent(version)}/shadow`;
    const answered = await ask<PolicyRun>(address, { body: { over: "recorded" } });
    setRunning(false);
    setRun(answered.ok ? answered.value : null);
    setProblem(answered.ok ? null : answered.error);
  };
  return (
    <section aria-labelledby="recorded">
      <h2 id="recorded">Over recorded missions</h2>
      <p>
        <button type="button" disabled={isRunning} onClick={() => void start()}>
          {isRunning ? "Deciding again…" : "Decide them again under this version"}
        </button>{" "}
        <span class="dim">records nothing</span>
      </p>
      <ProblemNote problem={problem} />
      {run === null ? null : <RunFindings run={run} />}
    </section>
  );
}

function RunFindings({ run }: { run: PolicyRun }): JSX.Element {
  return (
    <>
      <Facts
        items={[
          ["Missions", `${run.missions}${run.nextCursor === null ? "" : ", and there are more"}`],
          ["Decisions", String(run.decisions)],
          ["The same", String(run.same)],
          ["Would allow", String(run.wouldAllow)],
          ["Would stop", String(run.wouldStop)],
          ["Otherwise", String(run.otherwise)],
        ]}
      />
      <ul class="plain-list">
        {run.flips.map((flip) => (
          <li key={flip.missionId + String(flip.seq)}>
            <Badge word={flip.from} /> would be <Badge word={flip.to} />{" "}
            <a href={addressOf(["missions", flip.missionId, "trace"], { at: String(flip.seq) })}>
              {flip.nodeId}, event {flip.seq}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
