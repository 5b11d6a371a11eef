/** The team's incidents, newest first. Search and filters stand in the address. */
import type { JSX } from "preact";
import type { Incident, ListOf } from "../answers.ts";
import { useResource } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Choice, Filters, Pages, Search } from "../parts/filters.tsx";
import { Relative } from "../parts/moment.tsx";
import { Cell, Empty, Page, ProblemNote, Table } from "../parts/page.tsx";
import { addressOf, type Place } from "../router.ts";

const FILTERS = ["kind", "severity", "reason", "mission", "status", "from", "to", "q", "cursor"];
const SEVERITIES = ["low", "medium", "high", "critical"];
const STATUSES = ["open", "acknowledged", "resolved"];
const COLUMNS = ["Incident", "Severity", "Status", "Kind", "Reasons", "Opened"];
const POLL_MS = 5_000;

export function IncidentsPage({ place }: { place: Place }): JSX.Element {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = place.query.get(name);
    if (value !== null) query.set(name, value);
  }
  const { data, problem } = useResource<ListOf<Incident>>(
    `/v1/incidents?${query.toString()}`,
    POLL_MS,
  );
  const filter = (name: string) => place.query.get(name) ?? "";
  return (
    <Page title="Incidents">
      <Filters>
        <Search name="q" label="Search" value={filter("q")} placeholder="words of the summary" />
        <Choice name="status" label="Status" options={STATUSES} value={filter("status")} />
        <Choice name="severity" label="Severity" options={SEVERITIES} value={filter("severity")} />
        <Search name="kind" label="Kind" value={filter("kind")} placeholder="ticket_denied" />
        <Search
          name="reason"
          label="Reason"
          value={filter("reason")}
          placeholder="POLICY_NO_MATCH"
        />
        <Search name="mission" label="Mission" value={filter("mission")} placeholder="msn_…" />
      </Filters>
      <ProblemNote problem={problem} />
      {data === null || data.items.length === 0 ? (
        problem === null && (
          <Empty loading={data === null}>No incidents match. That is the good case.</Empty>
        )
      ) : (
        <Table caption="Incidents" columns={COLUMNS}>
          {data.items.map((incident) => (
            <Row key={incident.id} incident={incident} />
          ))}
        </Table>
      )}
      <Pages place={place} next={data?.nextCursor ?? null} />
    </Page>
  );
}

function Row({ incident }: { incident: Incident }): JSX.Element {
  const number = String(Number(incident.id.slice("INC#".length)));
  return (
    <tr>
      <Cell label="Incident" class="lead">
        <a href={addressOf(["incidents", number])}>{incident.summary}</a>
        <code class="hash">{incident.id}</code>
      </Cell>
      <Cell label="Severity">
        <Badge word={incident.severity} />
      </Cell>
      <Cell label="Status">
        <Badge word={incident.status} />
      </Cell>
      <Cell label="Kind">{incident.kind}</Cell>
      <Cell label="Reasons">
        {incident.reasonCodes.map((code) => (
          <code key={code} class="reason">
            {code}
          </code>
        ))}
      </Cell>
      <Cell label="Opened">
        <Relative at={incident.openedAt} />
      </Cell>
    </tr>
  );
}
