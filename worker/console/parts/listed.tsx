/** A list of the API that is shown whole, or why it cannot be. */
import type { JSX } from "preact";
import type { ListOf } from "../answers.ts";
import { useResource } from "../api.ts";
import { Empty, ProblemNote } from "./page.tsx";

const POLL_MS = 10_000;

export function Listed<T>({
  path,
  nothing,
  pollMs = POLL_MS,
  children,
}: {
  path: string;
  nothing: string;
  pollMs?: number;
  children: (items: readonly T[], reload: () => void) => JSX.Element;
}): JSX.Element {
  const { data, problem, reload } = useResource<ListOf<T>>(path, pollMs);
  if (problem !== null && data === null) return <ProblemNote problem={problem} />;
  if (data === null || data.items.length === 0) {
    return <Empty loading={data === null}>{nothing}</Empty>;
  }
  return children(data.items, reload);
}
