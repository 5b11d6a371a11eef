/** What waits for a person, the nearest deadline first. One at a time: nothing here decides several. */
import type { JSX } from "preact";
import { shortDigest } from "../../../shared/approval/index.ts";
import type { ApprovalRequest, ListOf } from "../answers.ts";
import { useResource } from "../api.ts";
import { figuresIn, seatsText } from "../asking.ts";
import { Badge, Risk } from "../parts/badge.tsx";
import { Choice, Filters, Pages } from "../parts/filters.tsx";
import { Relative } from "../parts/moment.tsx";
import { Empty, Facts, Page, ProblemNote } from "../parts/page.tsx";
import { addressOf, type Place } from "../router.ts";
import { hasRole, useSession } from "../session.ts";
import { VoidedList } from "./voided.tsx";

const STATES = ["pending", "granted", "denied", "expired", "voided"];
const POLL_MS = 4_000;

/** `view=voided` shows what the reader approved and no longer counts. */
export function InboxPage({ place }: { place: Place }): JSX.Element {
  const isVoided = place.query.get("view") === "voided";
  return (
    <Page title={isVoided ? "Inbox: my voided approvals" : "Inbox"}>
      {hasRole(useSession(), "approver") ? (
        <>
          <Views isVoided={isVoided} />
          {isVoided ? <VoidedList place={place} /> : <Requests place={place} />}
        </>
      ) : (
        <p class="note">The inbox is for approvers; your token has no such role.</p>
      )}
    </Page>
  );
}

function Views({ isVoided }: { isVoided: boolean }): JSX.Element {
  return (
    <nav class="sections" aria-label="View">
      <a href={addressOf(["inbox"])} aria-current={isVoided ? undefined : "page"}>
        requests
      </a>
      <a
        href={addressOf(["inbox"], { view: "voided" })}
        aria-current={isVoided ? "page" : undefined}
      >
        my voided approvals
      </a>
    </nav>
  );
}

/** Filters: `state`, `cursor`. */
function Requests({ place }: { place: Place }): JSX.Element {
  const state = place.query.get("state") ?? "pending";
  const query = new URLSearchParams({ state });
  const cursor = place.query.get("cursor");
  if (cursor !== null) query.set("cursor", cursor);
  const address = `/v1/approvals?${query.toString()}`;
  const { data, problem } = useResource<ListOf<ApprovalRequest>>(address, POLL_MS);
  return (
    <>
      <Filters>
        <Choice name="state" label="State" options={STATES} value={state} any={null} />
      </Filters>
      <ProblemNote problem={problem} />
      {data === null || data.items.length === 0
        ? problem === null && (
            <Empty loading={data === null}>
              {state === "pending" ? "Nothing waits for anybody." : "None."}
            </Empty>
          )
        : data.items.map((item) => (
            <Item key={item.mission.id + item.nodeId + item.gateDigest} item={item} />
          ))}
      <Pages place={place} next={data?.nextCursor ?? null} />
    </>
  );
}

function Item({ item }: { item: ApprovalRequest }): JSX.Element {
  const { mission, nodeId, blastRadius, requirement, have } = item;
  const { action, downstream, risk } = blastRadius;
  return (
    <article class="card request">
      <h2>
        <a href={addressOf(["inbox", mission.id, nodeId])}>{item.title}</a>
      </h2>
      <p class="marks">
        <Badge word={item.state} />
        <Risk risk={risk} />
        <code class="digest">{shortDigest(item.gateDigest)}</code>
        {item.meetable === false ? (
          <span class="badge tone-bad">
            <span aria-hidden="true">✕</span> nobody can grant it
          </span>
        ) : null}
      </p>
      <p>{item.summary}</p>
      <Facts
        items={[
          ["Mission", <a href={addressOf(["missions", mission.id])}>{mission.title}</a>],
          ["Would do", action === null ? "decides only" : <code>{action.type}</code>],
          ["Cost", action === null ? null : (figuresIn(action.args) ?? "not stated")],
          [
            "Reaches",
            downstream === null
              ? null
              : `${downstream} ${downstream === 1 ? "node" : "nodes"} after it`,
          ],
          ["Approved", seatsText(have, requirement)],
          ["Deadline", item.state === "pending" ? <Relative at={item.deadlineAt} /> : null],
        ]}
      />
    </article>
  );
}
