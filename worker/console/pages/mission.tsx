/** One mission: where it stands, its nodes, and beside them the node that is looked at. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { MissionView, NodeView } from "../../../shared/mission/index.ts";
import { announce } from "../announce.ts";
import { useResource } from "../api.ts";
import { lazy } from "../lazy.tsx";
import { useLive } from "../live.ts";
import { Badge } from "../parts/badge.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Facts, Hash, Page, ProblemNote } from "../parts/page.tsx";
import { Progress } from "../parts/progress.tsx";
import { addressOf, type Place } from "../router.ts";
import { hasRole, useSession } from "../session.ts";
import { Intervene } from "./intervene.tsx";
import { NodeList } from "./node-list.tsx";
import { NodePanel } from "./node-panel.tsx";

type ShownMission = MissionView & { readonly broken?: { seq: number; detail: string } };

const POLL_MS = 3_000;
/** While the stream is open, in case it says nothing though it should. */
const POLL_LIVE_MS = 30_000;

const MissionPicture = lazy(async () => (await import("../parts/picture.tsx")).MissionPicture);

/** `node` in the query names the node that is looked at, `view` whether the graph is a list or a picture. */
export function MissionPage({ id, place }: { id: string; place: Place }): JSX.Element {
  const address = `/v1/missions/${encodeURIComponent(id)}`;
  const [pollMs, setPollMs] = useState(POLL_MS);
  const { data: mission, problem, reload } = useResource<ShownMission>(address, pollMs);
  const isLive = useLive(id, reload);
  useEffect(() => setPollMs(isLive ? POLL_LIVE_MS : POLL_MS), [isLive]);
  const session = useSession();
  useAnnouncedChanges(mission);
  const selectedId = place.query.get("node");
  const isPicture = place.query.get("view") === "picture";
  const selected = mission?.nodes.find((node) => node.id === selectedId) ?? null;
  return (
    <Page
      title={mission?.title ?? "Mission"}
      above={<a href={addressOf(["missions"])}>Missions</a>}
      aside={mission && <MissionState mission={mission} isLive={isLive} />}
    >
      <ProblemNote problem={problem} />
      {mission === null ? (
        problem === null && <Empty loading>Nothing</Empty>
      ) : (
        <>
          {mission.broken === undefined ? null : <BrokenNote {...mission.broken} />}
          <MissionFacts mission={mission} />
          {hasRole(session, "operator") ? <Intervene mission={mission} onDone={reload} /> : null}
          <div class={selected === null ? "split" : "split with-panel lift"}>
            <section aria-labelledby="nodes">
              <h2 id="nodes">Nodes</h2>
              <ViewLinks place={place} />
              {isPicture ? (
                <MissionPicture mission={mission} selectedId={selectedId} />
              ) : (
                <NodeList mission={mission} selectedId={selectedId} />
              )}
            </section>
            {selected === null ? null : (
              <NodePanel key={selected.id} mission={mission} node={selected} onDone={reload} />
            )}
          </div>
        </>
      )}
    </Page>
  );
}

/** The same nodes either way. */
function ViewLinks({ place }: { place: Place }): JSX.Element {
  const view = place.query.get("view") ?? "list";
  const node = place.query.get("node");
  return (
    <nav class="sections" aria-label="View">
      {["list", "picture"].map((each) => (
        <a
          key={each}
          href={addressOf(place.segments, { view: each, node })}
          aria-current={each === view ? "true" : undefined}
        >
          {each}
        </a>
      ))}
    </nav>
  );
}

function MissionState({ mission, isLive }: { mission: MissionView; isLive: boolean }): JSX.Element {
  return (
    <span class="marks">
      <Badge word={mission.sealed ? "sealed" : mission.state} />
      <Progress done={mission.progress.done} total={mission.progress.total} />
      <span class="dim">{isLive ? "live" : "asked every few seconds"}</span>
    </span>
  );
}

function BrokenNote({ seq, detail }: { seq: number; detail: string }): JSX.Element {
  return (
    <p class="note tone-bad" role="alert">
      <strong>The trace does not verify from event {seq} on.</strong> {detail}. The mission refuses
      every command; shown is its state before that event.
    </p>
  );
}

function MissionFacts({ mission }: { mission: MissionView }): JSX.Element {
  const session = useSession();
  const mayReadTrace = hasRole(session, "auditor", "operator");
  return (
    <Facts
      items={[
        ["Mission", <code class="hash">{mission.id}</code>],
        [
          "Opened",
          <>
            <Moment at={mission.openedAt} /> by {mission.openedBy}
          </>,
        ],
        ["Plan", <Hash value={mission.planHash} />],
        ["Policy", <Hash value={mission.policy.version} chars={16} />],
        [
          "Human share",
          mission.allocation && `${Math.round(mission.allocation.hTotal * 100)} % of the work`,
        ],
        ["Resets", mission.resets === undefined ? null : String(mission.resets)],
        ["Banned", mission.bannedAgents?.join(", ")],
        [
          "Trace",
          mayReadTrace ? (
            <a href={addressOf(["missions", mission.id, "trace"])}>Timeline and time travel</a>
          ) : null,
        ],
      ]}
    />
  );
}

/** Says which nodes have moved since the last answer, so that nobody has to look for it. */
function useAnnouncedChanges(mission: MissionView | null): void {
  const before = useRef<MissionView | null>(null);
  useEffect(() => {
    const known = before.current;
    before.current = mission;
    if (known === null || mission === null) return;
    const stateById = new Map(known.nodes.map((node) => [node.id, node.state]));
    const moved = mission.nodes.filter((node) => stateById.get(node.id) !== node.state);
    if (moved.length > 0) announce(moved.map(sentenceOf).join(", "));
    else if (known.state !== mission.state) announce(`The mission is ${mission.state}`);
  }, [mission]);
}

function sentenceOf({ title, state, verdict }: NodeView): string {
  return `${title} is ${state}${verdict === null ? "" : `, ${verdict}`}`;
}
