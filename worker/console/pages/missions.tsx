/** The team's missions, newest first, from the index: it may be a moment behind. */
import type { JSX } from "preact";
import type { MissionSummary, ListOf } from "../answers.ts";
import { useResource } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Choice, Filters, Pages } from "../parts/filters.tsx";
import { Relative } from "../parts/moment.tsx";
import { Cell, Empty, Page, ProblemNote, Table } from "../parts/page.tsx";
import { Progress } from "../parts/progress.tsx";
import { addressOf, type Place } from "../router.ts";

const STATES = ["active", "paused", "stopped", "completed"];
const POLL_MS = 4_000;
const COLUMNS = ["Mission", "State", "Progress", "Opened by", "Policy", "Changed"];

/** Filters: `state`, `cursor`. */
export function MissionsPage({ place }: { place: Place }): JSX.Element {
  const query = new URLSearchParams();
  for (const name of ["state", "cursor"]) {
    const value = place.query.get(name);
    if (value !== null) query.set(name, value);
  }
  const { data, problem } = useResource<ListOf<MissionSummary>>(
    `/v1/missions?${query.toString()}`,
    POLL_MS,
  );
  return (
    <Page title="Missions">
      <Filters>
        <Choice
          name="state"
          label="State"
          options={STATES}
          value={place.query.get("state") ?? ""}
        />
      </Filters>
      <ProblemNote problem={problem} />
      {data === null || data.items.length === 0 ? (
        problem === null ? (
          <Empty loading={data === null}>
            No missions here. One is opened with <code>npx sekisho mission open FILE</code>.
          </Empty>
        ) : null
      ) : (
        <Table caption="Missions" columns={COLUMNS}>
          {data.items.map((mission) => (
            <Row key={mission.id} mission={mission} />
          ))}
        </Table>
      )}
      <Pages place={place} next={data?.nextCursor ?? null} />
    </Page>
  );
}

function Row({ mission }: { mission: MissionSummary }): JSX.Element {
  return (
    <tr>
      <Cell label="Mission" class="lead">
        <a href={addressOf(["missions", mission.id])}>{mission.title}</a>
        <code class="hash">{mission.id}</code>
      </Cell>
      <Cell label="State">
        <Badge word={mission.sealed ? "sealed" : mission.state} />
      </Cell>
      <Cell label="Progress">
        <Progress done={mission.progress.done} total={mission.progress.total} />
      </Cell>
      <Cell label="Opened by">{mission.openedBy}</Cell>
      <Cell label="Policy">
        <code class="hash" title={mission.policyVersion}>
          {mission.policyVersion.slice(0, 12)}…
        </code>
      </Cell>
      <Cell label="Changed">
        <Relative at={mission.updatedAt} />
      </Cell>
    </tr>
  );
}
