/**
 * A mission's graph as a picture: the same layout and the same words as `GET .../graph.svg`, drawn here so that each box
 * is a link to its node. The list beside it says the same.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { MissionView } from "../../../shared/mission/index.ts";
import {
  boxLines,
  boxState,
  boxTitle,
  layoutPicture,
  pictureSummary,
  type Arrow,
  type PlacedBox,
} from "../../../shared/picture/index.ts";
import { addressOf } from "../router.ts";

export function MissionPicture({
  mission,
  selectedId,
}: {
  mission: MissionView;
  selectedId: string | null;
}): JSX.Element {
  // Laid out anew only when something that is drawn has changed.
  const drawn = JSON.stringify([
    mission.state,
    mission.edges,
    mission.nodes.map(({ id, state, verdict }) => [id, state, verdict]),
  ]);
  const picture = useMemo(() => layoutPicture(mission), [mission.id, drawn]);
  const { width, height, arrows, boxes } = picture;
  return (
    <div class="picture" role="region" aria-label="Graph of the mission" tabIndex={0}>
      <p class="dim">{pictureSummary(picture)}</p>
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="group"
        aria-label="Nodes"
      >
        <defs>
          <marker
            id="arrow-head"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        {arrows.map((arrow) => (
          <path
            key={`${arrow.from} ${arrow.to}`}
            class="arrow"
            d={pathOf(arrow)}
            marker-end="url(#arrow-head)"
          />
        ))}
        {boxes.map((box) => (
          <Box
            key={box.id}
            missionId={mission.id}
            box={box}
            isSelected={box.kind === "node" && box.id === selectedId}
          />
        ))}
      </svg>
    </div>
  );
}

function pathOf({ points }: Arrow): string {
  return points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("");
}

function Box({
  missionId,
  box,
  isSelected,
}: {
  missionId: string;
  box: PlacedBox;
  isSelected: boolean;
}): JSX.Element {
  const state = boxState(box);
  const [title, word, detail] = boxLines(box);
  const place = `translate(${box.x} ${box.y})`;
  const drawing = (
    <>
      <title>{boxTitle(box)}</title>
      <Outline box={box} />
      <text x={14} y={25} class="box-title">
        {title}
      </text>
      <text x={14} y={44} class="box-state">
        {SIGNS[state]} {word}
      </text>
      <text x={14} y={62} class="box-detail">
        {detail}
      </text>
    </>
  );
  const className = `box box-${state}${isSelected ? " box-selected" : ""}`;
  if (box.kind === "group") {
    return (
      <g class={className} transform={place} role="img">
        {drawing}
      </g>
    );
  }
  return (
    <g class={className} transform={place}>
      <a
        href={addressOf(["missions", missionId], { view: "picture", node: box.id })}
        aria-current={isSelected ? "true" : undefined}
      >
        {drawing}
      </a>
    </g>
  );
}

const SIGNS = { NEW: "○", READY: "◎", RUNNING: "▶", DONE: "✓", BLOCKED: "■" } as const;

/** A decision is round, an execution square, an approval cut at its corners, a group a pile. */
function Outline({ box }: { box: PlacedBox }): JSX.Element {
  const { w, h } = box;
  if (box.kind === "group") {
    return (
      <>
        <rect class="outline" x={5} y={5} width={w} height={h} />
        <rect class="outline" width={w} height={h} />
      </>
    );
  }
  if (box.node.kind === "decision") return <rect class="outline" width={w} height={h} rx={14} />;
  if (box.node.kind === "execution") return <rect class="outline" width={w} height={h} />;
  const cut = `M12 0H${w - 12}L${w} 12V${h - 12}L${w - 12} ${h}H12L0 ${h - 12}V12z`;
  return <path class="outline" d={cut} />;
}
