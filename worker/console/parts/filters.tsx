/** Filters of lists: each is a member of the address, so that a view can be sent to somebody. */
import type { ComponentChildren, JSX } from "preact";
import { addressOf, setQuery, type Place } from "../router.ts";

/** The bar that holds them. */
export function Filters({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <div class="filters" role="search">
      {children}
    </div>
  );
}

/** One of a list of words, or any. */
export function Choice({
  name,
  label,
  options,
  value,
  any = "any",
}: {
  name: string;
  label: string;
  options: readonly string[];
  value: string;
  /** What no choice is called; null: there is always one. */
  any?: string | null;
}): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value, cursor: null })}
      >
        {any === null ? null : <option value="">{any}</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Free text; taken over when the field is left or Enter is pressed. */
export function Search({
  name,
  label,
  value,
  placeholder = "",
}: {
  name: string;
  label: string;
  value: string;
  placeholder?: string;
}): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        value={value}
        placeholder={placeholder}
        maxLength={200}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value.trim(), cursor: null })}
      />
    </label>
  );
}

/** The way to the next page of a list, and back to its first. */
export function Pages({ place, next }: { place: Place; next: string | null }): JSX.Element | null {
  const cursor = place.query.get("cursor");
  if (next === null && cursor === null) return null;
  const at = (value: string | null) =>
    addressOf(place.segments, { ...Object.fromEntries(place.query), cursor: value });
  return (
    <nav class="pages" aria-label="Pages">
      {cursor === null ? null : <a href={at(null)}>First page</a>}
      {next === null ? <span>No more</span> : <a href={at(next)}>Next page</a>}
    </nav>
  );
}
