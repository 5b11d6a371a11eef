/**
 * The mission as it stood after one event, recomputed here: the event, the nodes, the state hash, and whether the
 * server's own replay gives the same one.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import {
  stateHash,
  viewNode,
  type MissionState,
  type NodeView,
} from "../../../shared/mission/index.ts";
import type { TraceEvent } from "../../../shared/trace/index.ts";
import { ask } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { EventLine } from "../parts/event-list.tsx";
import { GateResult } from "../parts/gate.tsx";
import { Hash, Json } from "../parts/page.tsx";
import type { LoadedTrace } from "../trace/load.ts";

/** Hashing a large state takes longer than a step of the slider may, so it waits until the slider rests. */
const REST_MS = 250;
/** Nodes listed at once; a larger plan shows those that are under way, and those just changed. */
const NODES_SHOWN_MAX = 150;
/** Events shown on either side of the current one. */
const AROUND = 8;

export function StateAt({
  missionId,
  trace,
  seq,
  onMove,
}: {
  missionId: string;
  trace: LoadedTrace;
  seq: number;
  onMove: (seq: number) => void;
}): JSX.Element | null {
  const event = trace.events[seq];
  const state = useMemo(() => trace.history.stateAt(seq), [trace, seq]);
  if (event === undefined || state === null) return null;
  return (
    <div class="split with-panel">
      <section aria-labelledby="state">
        <h2 id="state">State after event {seq}</h2>
        <HashCheck missionId={missionId} state={state} seq={seq} />
        <Nodes state={state} event={event} />
      </section>
      <section class="panel" aria-labelledby="event">
        <h2 id="event">Event {seq}</h2>
        <p>
          <EventLine event={event} />
        </p>
        {event.gateResult === null ? null : <GateResult result={event.gateResult} />}
        <Json value={event} label={`Event ${seq} as JSON`} />
        <h3>Around it</h3>
        <Around events={trace.events} seq={seq} onMove={onMove} />
      </section>
    </div>
  );
}

type Compared = "equals" | "differs" | "unknown";

function HashCheck({
  missionId,
  state,
  seq,
}: {
  missionId: string;
  state: MissionState;
  seq: number;
}): JSX.Element {
  const [found, setFound] = useState<{ seq: number; hash: string; compared: Compared } | null>(
    null,
  );
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => {
      const hash = stateHash(state);
      setFound({ seq, hash, compared: "unknown" });
      const address = `/v1/missions/${encodeURIComponent(missionId)}/replay?at=${seq}`;
      void ask<{ stateHash: string }>(address).then((answered) => {
        if (!isCurrent || !answered.ok) return;
        setFound({ seq, hash, compared: answered.value.stateHash === hash ? "equals" : "differs" });
      });
    }, REST_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [missionId, state, seq]);
  const shown = found?.seq === seq ? found : null;
  return (
    <p class="state-hash">
      <span class="dim">State hash</span>{" "}
      {shown === null ? <span class="dim">…</span> : <Hash value={shown.hash} chars={24} />}{" "}
      <ComparedBadge compared={shown?.compared ?? "unknown"} />
    </p>
  );
}

function ComparedBadge({ compared }: { compared: Compared }): JSX.Element {
  if (compared === "unknown") return <span class="dim">not compared yet</span>;
  return (
    <span class={`badge tone-${compared === "equals" ? "good" : "bad"}`}>
      <span aria-hidden="true">{compared === "equals" ? "✓" : "✕"}</span>
      {compared} the server's replay
    </span>
  );
}

function Nodes({ state, event }: { state: MissionState; event: TraceEvent }): JSX.Element {
  const { order } = state.plan;
  const views = order.map((id) => viewNode(state, id));
  const shown =
    views.length <= NODES_SHOWN_MAX
      ? views
      : views
          .filter(({ id, state: now }) => id === event.nodeId || (now !== "NEW" && now !== "DONE"))
          .slice(0, NODES_SHOWN_MAX);
  const done = views.filter((node) => node.state === "DONE").length;
  return (
    <>
      <p>
        <Badge word={state.sealed ? "sealed" : state.status} /> {done} of {views.length} nodes done
        {shown.length === views.length ? null : `; shown are the ${shown.length} under way`}
      </p>
      <ul class="node-grid">
        {shown.map((node) => (
          <NodeCard key={node.id} node={node} isTouched={node.id === event.nodeId} />
        ))}
      </ul>
    </>
  );
}

/** Drawn anew only when something of it is another: most steps touch one node. */
function NodeCard({ node, isTouched }: { node: NodeView; isTouched: boolean }): JSX.Element {
  const { id, title, state, verdict, reasons, ticket } = node;
  const codes = reasons.map(({ code }) => code).join(", ");
  const hasTicket = ticket !== null;
  return useMemo(
    () => (
      <li class={isTouched ? "selected" : undefined} aria-current={isTouched ? "true" : undefined}>
        <Badge word={state} /> {verdict === null ? null : <Badge word={verdict} />}{" "}
        <strong>{title}</strong> <code class="hash">{id}</code>
        {codes === "" ? null : <code class="reason codes">{codes}</code>}
        {hasTicket ? <span class="dim"> a ticket is out</span> : null}
      </li>
    ),
    [id, title, state, verdict, codes, hasTicket, isTouched],
  );
}

function Around({
  events,
  seq,
  onMove,
}: {
  events: readonly TraceEvent[];
  seq: number;
  onMove: (seq: number) => void;
}): JSX.Element {
  const shown = events.slice(Math.max(0, seq - AROUND), seq + AROUND + 1);
  return (
    <ol class="timeline">
      {shown.map((event) => (
        <li key={event.seq} class={event.seq === seq ? "selected" : undefined}>
          <button
            type="button"
            class="plain"
            aria-current={event.seq === seq ? "true" : undefined}
            onClick={() => onMove(event.seq)}
          >
            <span class="seq">{event.seq}</span> {event.type}
            {event.nodeId === null ? "" : ` ${event.nodeId}`}
          </button>
        </li>
      ))}
    </ol>
  );
}
