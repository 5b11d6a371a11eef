/** What pages are made of: the heading that takes the focus, facts, tables, problems, code. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../announce.ts";
import type { Problem } from "../api.ts";

let isFirstPage = true;

/** A page: its title goes to the window, to the heading and to the live region. */
export function Page({
  title,
  above,
  aside,
  children,
}: {
  title: string;
  /** Where the reader comes from, above the heading. */
  above?: ComponentChildren;
  /** Beside the heading: states and what can be done. */
  aside?: ComponentChildren;
  children?: ComponentChildren;
}): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} - Sekisho`;
    announce(title);
  }, [title]);
  useEffect(() => {
    // The browser itself starts at the top of a page that has just been loaded.
    if (!isFirstPage) heading.current?.focus();
    isFirstPage = false;
  }, []);
  return (
    <>
      {above === undefined ? null : <p class="above">{above}</p>}
      <div class="heading">
        <h1 tabIndex={-1} ref={heading}>
          {title}
        </h1>
        {aside}
      </div>
      {children}
    </>
  );
}

/** Names and values, one a line. Values that are null or undefined are left out with their names. */
export function Facts({
  items,
}: {
  items: readonly (readonly [name: string, value: ComponentChildren])[];
}): JSX.Element {
  return (
    <dl class="facts">
      {items
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A hash or an id: all of it for the clipboard and for those who compare, its head for the rest. */
export function Hash({ value, chars = 12 }: { value: string; chars?: number }): JSX.Element {
  const shown = value.length > chars ? `${value.slice(0, chars)}…` : value;
  return (
    <code class="hash" title={value}>
      {shown}
    </code>
  );
}

/** A JSON value as text, which can be scrolled by keyboard where it is wide. */
export function Json({ value, label }: { value: unknown; label: string }): JSX.Element {
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}

/** A refusal in the API's words, with the way to what it means. */
export function ProblemNote({ problem }: { problem: Problem | null }): JSX.Element | null {
  if (problem === null) return null;
  return (
    <div class="note tone-bad" role="alert">
      <p>
        <strong>{problem.title}.</strong> {problem.detail}
      </p>
      {problem.errors.length === 0 ? null : (
        <ul>
          {problem.errors.map(({ pointer, detail }) => (
            <li key={pointer + detail}>
              <code>{pointer}</code> {detail}
            </li>
          ))}
        </ul>
      )}
      {problem.status === 0 ? null : (
        <p>
          <a href={`/docs/errors/${problem.code}`}>
            <code>{problem.code}</code>
          </a>{" "}
          ({problem.status})
        </p>
      )}
    </div>
  );
}

/** What stands where there is nothing yet: still loading, refused, or truly nothing. */
export function Empty({
  loading,
  children,
}: {
  loading: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return <p class="empty">{loading ? "Loading…" : children}</p>;
}

/** A table that becomes a list of cards where it has no room. Cells name their column in `data-label`. */
export function Table({
  caption,
  columns,
  children,
}: {
  caption: string;
  columns: readonly string[];
  children: ComponentChildren;
}): JSX.Element {
  return (
    <table>
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** A cell; `label` is its column's name. */
export function Cell({
  label,
  children,
  class: className,
}: {
  label: string;
  children?: ComponentChildren;
  class?: string;
}): JSX.Element {
  return (
    <td data-label={label} class={className}>
      {children}
    </td>
  );
}
