/** The reader's own approvals that stopped counting: what they signed, why it no longer holds, and what is asked now. */
import type { JSX } from "preact";
import { shortDigest } from "../../../shared/approval/index.ts";
import type { ListOf, WithdrawnApproval } from "../answers.ts";
import { useResource } from "../api.ts";
import { Pages } from "../parts/filters.tsx";
import { Moment } from "../parts/moment.tsx";
import { Cell, Empty, ProblemNote, Table } from "../parts/page.tsx";
import { addressOf, type Place } from "../router.ts";

const POLL_MS = 10_000;

const WHY: Readonly<Record<WithdrawnApproval["cause"], string>> = {
  voided: "what you approved has changed",
  person_removed: "you left the directory",
  key_removed: "the key you signed with was removed",
  not_valid: "your time as an approver was over",
  group_left: "you left the group you approved for",
  delegation_ended: "the delegation you signed under has ended",
};

/** `cursor` in the query names the page. */
export function VoidedList({ place }: { place: Place }): JSX.Element {
  const query = new URLSearchParams({ state: "voided", mine: "true" });
  const cursor = place.query.get("cursor");
  if (cursor !== null) query.set("cursor", cursor);
  const address = `/v1/approvals?${query.toString()}`;
  const { data, problem } = useResource<ListOf<WithdrawnApproval>>(address, POLL_MS);
  return (
    <>
      <ProblemNote problem={problem} />
      {data === null || data.items.length === 0 ? (
        problem === null && (
          <Empty loading={data === null}>None: every approval you gave still counts.</Empty>
        )
      ) : (
        <Table
          caption="Your approvals that stopped counting, newest first"
          columns={["Node", "When", "Why", "You signed", "Now asked"]}
        >
          {data.items.map((item) => (
            <Line key={item.missionId + String(item.seq)} item={item} />
          ))}
        </Table>
      )}
      <Pages place={place} next={data?.nextCursor ?? null} />
    </>
  );
}

function Line({ item }: { item: WithdrawnApproval }): JSX.Element {
  const { missionId, nodeId, seq, gateDigest, newGateDigest, cause, at } = item;
  return (
    <tr>
      <Cell label="Node" class="lead">
        <a href={addressOf(["missions", missionId], { node: nodeId })}>{nodeId}</a>
        <code class="hash">{missionId}</code>
      </Cell>
      <Cell label="When">
        <Moment at={at} />
      </Cell>
      <Cell label="Why">
        {WHY[cause]} (
        <a href={addressOf(["missions", missionId, "trace"], { at: String(seq) })}>event {seq}</a>)
      </Cell>
      <Cell label="You signed">
        <code class="digest">{shortDigest(gateDigest)}</code>
      </Cell>
      <Cell label="Now asked">
        {newGateDigest === null ? (
          <span class="dim">nobody is asked</span>
        ) : (
          <a href={addressOf(["inbox", missionId, nodeId])}>
            <code class="digest">{shortDigest(newGateDigest)}</code>
          </a>
        )}
      </Cell>
    </tr>
  );
}
