/**
 * One policy version: its document, how it differs from another, what it would have decided over recorded
 * missions, and its activation by a signature.
 */
import type { JSX } from "preact";
import type { ListOf, PolicyRecord } from "../answers.ts";
import { useResource } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Diff } from "../parts/diff.tsx";
import { Choice, Filters } from "../parts/filters.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Facts, Json, Page, ProblemNote } from "../parts/page.tsx";
import { addressOf, type Place } from "../router.ts";
import { Activate } from "./activate.tsx";
import { RecordedRun, Trial } from "./policy-runs.tsx";

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
          <Comparison
            policy={policy}
            all={data?.items ?? []}
            against={place.query.get("against")}
          />
          <RecordedRun version={version} />
          <Trial policy={policy} onDone={reload} />
          {policy.state === "proposed" || policy.state === "shadow" ? (
            <Activate policy={policy} onDone={reload} />
          ) : null}
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
