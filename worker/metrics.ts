/**
 * Request counters in Prometheus text. They live in one isolate and start at zero with it, so a scrape
 * tells of the isolate that answered it; rates over many isolates come from the platform's own analytics.
 * They count all teams together: shown to a team, they would tell it of the others (I11).
 * Specification: the Prometheus text exposition format, version 0.0.4.
 */

/** Distinct (route, status) pairs kept; routes are patterns, so real traffic stays far below. */
const SERIES_MAX = 1_000;

const requests = new Map<string, number>();

/** Counts one answered request. `route` is the pattern that matched, never a path with ids in it. */
export function countRequest(method: string, route: string, status: number): void {
  const labels = `method="${escapeLabel(method)}",route="${escapeLabel(route)}",status="${status}"`;
  if (!requests.has(labels) && requests.size >= SERIES_MAX) return;
  requests.set(labels, (requests.get(labels) ?? 0) + 1);
}

/** The exposition: the given team's missions by state and, for those who run the instance, its requests. */
export function renderMetrics(
  missionsByState: ReadonlyMap<string, number>,
  { withRequests }: { readonly withRequests: boolean },
): string {
  return [
    ...(withRequests ? requestLines() : []),
    "# HELP sekisho_missions Missions of the caller's team in the index, by state.",
    "# TYPE sekisho_missions gauge",
    ...[...missionsByState].map(
      ([state, count]) => `sekisho_missions{state="${escapeLabel(state)}"} ${count}`,
    ),
    "",
  ].join("\n");
}

function requestLines(): readonly string[] {
  return [
    "# HELP sekisho_requests_total Requests answered by this isolate since it started.",
    "# TYPE sekisho_requests_total counter",
    ...[...requests].map(([labels, count]) => `sekisho_requests_total{${labels}} ${count}`),
  ];
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
