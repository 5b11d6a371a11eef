/** How far a decision reaches: what can follow only after it, and which of that acts on the outside. */
import type { JSX } from "preact";
import type { MissionView, NodeView } from "../../../shared/mission/index.ts";
import { Badge, Risk } from "../parts/badge.tsx";
import { addressOf } from "../router.ts";

/** Nodes listed before the rest is only counted. */
const LISTED_MAX = 12;

export function Releases({
  mission,
  nodes,
}: {
  mission: MissionView;
  /** What lies downstream, in the plan's order. */
  nodes: readonly NodeView[];
}): JSX.Element {
  const acting = nodes.filter(({ kind }) => kind === "execution");
  const listed = [...acting, ...nodes.filter(({ kind }) => kind !== "execution")];
  const shown = listed.slice(0, LISTED_MAX);
  return (
    <section aria-labelledby="releases">
      <h2 id="releases">What it releases</h2>
      {nodes.length === 0 ? (
        <p>Nothing waits behind it.</p>
      ) : (
        <>
          <p>
            {countText(nodes.length, mission.nodes.length)}{" "}
            {acting.length === 0
              ? "None of them acts on the outside."
              : `${acting.length} of them ${acting.length === 1 ? "acts" : "act"} on the outside, each behind its own gates.`}
          </p>
          <ul class="plain-list">
            {shown.map((node) => (
              <li key={node.id}>
                <span class="marks">
                  <Badge word={node.state} />
                  {node.kind === "execution" ? (
                    <span class="badge tone-wait">
                      <span aria-hidden="true">→</span> side effect
                    </span>
                  ) : null}
                  <Risk risk={node.risk} />
                </span>{" "}
                <a href={addressOf(["missions", mission.id], { node: node.id })}>{node.title}</a>
              </li>
            ))}
          </ul>
          {listed.length > shown.length ? (
            <p class="dim">and {listed.length - shown.length} more</p>
          ) : null}
        </>
      )}
    </section>
  );
}

function countText(count: number, total: number): string {
  return `${count} of ${total} nodes can follow only after it.`;
}
