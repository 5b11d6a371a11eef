/** One incident with the events before and after it. Who acknowledges or resolves it is recorded. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { IncidentWithContext } from "../answers.ts";
import { announce } from "../announce.ts";
import { ask, useResource, type Problem } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { EventList } from "../parts/event-list.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Facts, Page, ProblemNote } from "../parts/page.tsx";
import { addressOf } from "../router.ts";

/** `id` is the number. */
export function IncidentPage({ id }: { id: string }): JSX.Element {
  const address = `/v1/incidents/${encodeURIComponent(id)}`;
  const { data: incident, problem, reload } = useResource<IncidentWithContext>(address, 10_000);
  return (
    <Page
      title={incident === null ? "Incident" : `${incident.id}: ${incident.summary}`}
      above={<a href={addressOf(["incidents"])}>Incidents</a>}
      aside={
        incident && (
          <span class="marks">
            <Badge word={incident.severity} />
            <Badge word={incident.status} />
          </span>
        )
      }
    >
      <ProblemNote problem={problem} />
      {incident === null ? (
        problem === null && <Empty loading>Nothing</Empty>
      ) : (
        <>
          <IncidentFacts incident={incident} />
          <StatusButtons incident={incident} address={address} onDone={reload} />
          <Context incident={incident} />
        </>
      )}
    </Page>
  );
}

function IncidentFacts({ incident }: { incident: IncidentWithContext }): JSX.Element {
  const { missionId, nodeId, seq, statusAt, statusBy } = incident;
  return (
    <Facts
      items={[
        ["Kind", incident.kind],
        ["Reasons", incident.reasonCodes.join(", ") || null],
        ["Opened", <Moment at={incident.openedAt} />],
        [
          "Mission",
          missionId && (
            <a href={addressOf(["missions", missionId], { node: nodeId })}>
              {nodeId === null ? missionId : `${nodeId} of ${missionId}`}
            </a>
          ),
        ],
        [
          "Event",
          missionId !== null && seq !== null ? (
            <a href={addressOf(["missions", missionId, "trace"], { at: String(seq) })}>seq {seq}</a>
          ) : null,
        ],
        [
          "Status since",
          statusAt && (
            <>
              <Moment at={statusAt} /> by {statusBy}
            </>
          ),
        ],
      ]}
    />
  );
}

function StatusButtons({
  incident,
  address,
  onDone,
}: {
  incident: IncidentWithContext;
  address: string;
  onDone: () => void;
}): JSX.Element | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  if (incident.status === "resolved") return null;
  const set = async (status: "acknowledged" | "resolved") => {
    const answered = await ask(`${address}/status`, { body: { status } });
    setProblem(answered.ok ? null : answered.error);
    if (answered.ok) announce(`${incident.id} is ${status}`);
    onDone();
  };
  return (
    <>
      <p class="actions">
        {incident.status === "open" ? (
          <button type="button" onClick={() => void set("acknowledged")}>
            Acknowledge
          </button>
        ) : null}
        <button type="button" onClick={() => void set("resolved")}>
          Resolve
        </button>
        <span class="dim">There is no way back.</span>
      </p>
      <ProblemNote problem={problem} />
    </>
  );
}

function Context({ incident }: { incident: IncidentWithContext }): JSX.Element {
  const { context, seq } = incident;
  if (context === null) return <p class="empty">No trace tells of this incident.</p>;
  const { before, after } = context;
  return (
    <section aria-labelledby="context">
      <h2 id="context">What happened around it</h2>
      <EventList events={[...before, context.incident, ...after]} markedSeq={seq} />
    </section>
  );
}
