/** What the mission itself says of an open request: the seats, what changed since the last approval, what follows. */
import type { JSX } from "preact";
import type { ShownApproval } from "../answers.ts";
import { Moment } from "../parts/moment.tsx";
import { Facts } from "../parts/page.tsx";

/** Who sits already, and who must still come from where. */
export function Seats({ view }: { view: ShownApproval }): JSX.Element {
  return (
    <section aria-labelledby="seats">
      <h2 id="seats">Seats</h2>
      <ul class="plain-list">
        {view.seats.map(({ group, person }, at) => (
          <li key={at}>
            <span class={`badge tone-${person === null ? "wait" : "good"}`}>
              <span aria-hidden="true">{person === null ? "○" : "✓"}</span>
              {person === null ? "open" : "filled"}
            </span>{" "}
            {group === null ? "anybody" : `somebody of ${[group, ...view.also].join(" or ")}`}
            {person === null ? null : `: ${person}`}
          </li>
        ))}
      </ul>
      {view.escalation.map(({ group, instead, at, taken }) => (
        <p class="dim" key={at}>
          {taken ? "Asked since" : "If nobody has decided by"} <Moment at={at} />: {group}
          {instead ? ", instead of everybody before" : " too"}.
        </p>
      ))}
    </section>
  );
}

/** Said before anybody reads on: the directory has nobody for some seat. */
export function NobodyCan(): JSX.Element {
  return (
    <p class="note tone-bad">
      <strong>Nobody can grant this as the directory stands.</strong> At least one seat has nobody
      who could fill it, so silence will deny. An admin can register the people or groups that are
      asked for; anybody asked can still deny.
    </p>
  );
}

/** What is another than what somebody approved the last time. */
export function Changes({ view }: { view: ShownApproval }): JSX.Element {
  const { changes } = view;
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">Changed since it was last approved</h2>
      {changes === null ? (
        <p>Nobody has approved this node before, so all of it is new.</p>
      ) : (
        <ChangeList changes={changes} />
      )}
    </section>
  );
}

function ChangeList({ changes }: { changes: NonNullable<ShownApproval["changes"]> }): JSX.Element {
  const { action, evidence, seq, attempt } = changes;
  const lines = [
    ...action.changes.flatMap(({ path, before, after }) => [
      ...(before === undefined
        ? []
        : [{ kind: "removed", text: `${path}: ${JSON.stringify(before)}` }]),
      ...(after === undefined
        ? []
        : [{ kind: "added", text: `${path}: ${JSON.stringify(after)}` }]),
    ]),
    ...evidence.removed.map((hash) => ({ kind: "removed", text: `evidence ${hash}` })),
    ...evidence.added.map((hash) => ({ kind: "added", text: `evidence ${hash}` })),
  ];
  return (
    <>
      <p class="dim">
        Compared with event {seq}, attempt {attempt}
        {action.truncated ? "; there are more changes than are listed" : ""}.
      </p>
      {lines.length === 0 ? (
        <p>Neither the arguments nor the evidence.</p>
      ) : (
        <pre class="json diff" tabIndex={0} role="region" aria-label="Changes">
          {lines.map(({ kind, text }, at) =>
            kind === "added" ? <ins key={at}>+ {text}</ins> : <del key={at}>− {text}</del>,
          )}
        </pre>
      )}
    </>
  );
}

/** What follows from each answer, in the mission's own words. */
export function Outcomes({ view }: { view: ShownApproval }): JSX.Element {
  const { approve, deny, silence } = view.outcomes;
  return (
    <section class="outcomes" aria-labelledby="outcomes">
      <h2 id="outcomes">What follows</h2>
      <Facts
        items={[
          ["If you approve", approve],
          ["If you deny", deny],
          [
            "If nobody says anything",
            <>
              {silence} The deadline is <Moment at={view.deadlineAt} />.
            </>,
          ],
          ["If anything changes", "Every approval is void and people are asked anew."],
        ]}
      />
    </section>
  );
}
