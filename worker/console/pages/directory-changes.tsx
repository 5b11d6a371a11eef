/** Who changed what of the directory, oldest first, as the team's own record has it. */
import type { JSX } from "preact";
import type { DirectoryChange, ListOf } from "../answers.ts";
import { useResource } from "../api.ts";
import { Diff } from "../parts/diff.tsx";
import { Pages } from "../parts/filters.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, ProblemNote } from "../parts/page.tsx";
import type { Place } from "../router.ts";

/** `cursor` in the query names the page. */
export function DirectoryChanges({ place }: { place: Place }): JSX.Element {
  const cursor = place.query.get("cursor");
  const query = cursor === null ? "" : `?${new URLSearchParams({ cursor }).toString()}`;
  const { data, problem } = useResource<ListOf<DirectoryChange>>(`/v1/directory/changes${query}`);
  return (
    <>
      <ProblemNote problem={problem} />
      {data === null || data.items.length === 0 ? (
        problem === null && <Empty loading={data === null}>Nobody has changed anything yet.</Empty>
      ) : (
        <ol class="plain-list" aria-label="Changes of the directory, oldest first">
          {data.items.map((change) => (
            <Change key={change.number} change={change} />
          ))}
        </ol>
      )}
      <Pages place={place} next={data?.nextCursor ?? null} />
    </>
  );
}

function Change({ change }: { change: DirectoryChange }): JSX.Element {
  const { number, at, by, kind, subject, before, after } = change;
  const verb = before === null ? "added" : after === null ? "removed" : "changed";
  return (
    <li>
      <p>
        <span class="seq">{number}</span> <Moment at={at} /> <strong>{by}</strong> {verb} {kind}{" "}
        <strong>{subject}</strong>
      </p>
      <details>
        <summary>What changed of {subject}</summary>
        <Diff before={before} after={after} label={`Change ${number}`} />
      </details>
    </li>
  );
}
