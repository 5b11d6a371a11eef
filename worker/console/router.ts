/**
 * Where the reader is: the address below /console/, its segments and its query. Plain links work as links;
 * a click on one of ours changes the page without loading it anew. Every filter lives in the address.
 */
import { useEffect, useState } from "preact/hooks";

const BASE = "/console/";

/** An address of the console, taken apart. */
export interface Place {
  /** Decoded segments below /console/; empty for the console itself. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();

/** The address the reader is at now. */
function currentPlace(): Place {
  const { pathname, search } = location;
  const rest = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : "";
  const segments = rest.split("/").filter((segment) => segment !== "");
  return { segments: segments.map(decode), query: new URLSearchParams(search) };
}

/** The address of a page, for `href`. Empty query values are left out. */
export function addressOf(
  segments: readonly string[],
  query: Readonly<Record<string, string | null | undefined>> = {},
): string {
  const params = Object.entries(query).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "",
  );
  const search = params.length === 0 ? "" : `?${new URLSearchParams(params).toString()}`;
  return `${BASE}${segments.map(encodeURIComponent).join("/")}${search}`;
}

/** Goes to an address of the console; `replace` leaves no entry in the history. */
export function navigate(address: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace === true) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  tell();
}

/** Changes one member of the query in place; null or "" takes it out. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(`${location.pathname}${text === "" ? "" : `?${text}`}`, { replace: true });
}

/** The current address, again whenever it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(currentPlace);
  useEffect(() => {
    const update = () => setPlace(currentPlace());
    listeners.add(update);
    return () => void listeners.delete(update);
  }, []);
  return place;
}

/** Follows clicks and the back button for as long as the page lives. */
export function startRouter(): void {
  addEventListener("popstate", tell);
  document.addEventListener("click", (event) => {
    const anchor = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const address = anchor === null ? null : addressIn(anchor);
    if (anchor === null || address === null || !isOurs(anchor, address, event)) return;
    event.preventDefault();
    navigate(address.pathname + address.search);
  });
}

/** A new tab, a download or another page stays what the reader asked for. */
function isOurs(anchor: Element, address: URL, event: MouseEvent): boolean {
  const isPlain =
    event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  return (
    isPlain &&
    !event.defaultPrevented &&
    address.origin === location.origin &&
    address.pathname.startsWith(BASE) &&
    address.hash === "" &&
    !anchor.hasAttribute("download") &&
    !anchor.hasAttribute("target")
  );
}

/** Where a link leads, in a text or in a picture. */
function addressIn(anchor: Element): URL | null {
  const href = anchor.getAttribute("href") ?? "";
  return URL.canParse(href, location.href) ? new URL(href, location.href) : null;
}

function tell(): void {
  for (const listener of listeners) listener();
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
