/** A mission's nodes in the plan's topological order: the same as the picture, for reading and for the keyboard. */
import type { JSX } from "preact";
import type { MissionView, NodeView } from "../../../shared/mission/index.ts";
import { Badge, Risk } from "../parts/badge.tsx";
import { Cell, Table } from "../parts/page.tsx";
import { addressOf } from "../router.ts";

const COLUMNS = ["State", "Node", "Kind", "Risk", "Why"];

export function NodeList({
  mission,
  selectedId,
}: {
  mission: MissionView;
  selectedId: string | null;
}): JSX.Element {
  return (
    <Table caption="Nodes of the mission, predecessors first" columns={COLUMNS}>
      {mission.nodes.map((node) => (
        <NodeRow
          key={node.id}
          missionId={mission.id}
          node={node}
          isSelected={node.id === selectedId}
        />
      ))}
    </Table>
  );
}

function NodeRow({
  missionId,
  node,
  isSelected,
}: {
  missionId: string;
  node: NodeView;
  isSelected: boolean;
}): JSX.Element {
  return (
    <tr class={isSelected ? "selected" : undefined}>
      <Cell label="State">
        <Badge word={node.state} />
      </Cell>
      <Cell label="Node" class="lead">
        <a
          href={addressOf(["missions", missionId], { node: node.id })}
          aria-current={isSelected ? "true" : undefined}
        >
          {node.title}
        </a>
        <code class="hash">{node.id}</code>
      </Cell>
      <Cell label="Kind">{node.kind}</Cell>
      <Cell label="Risk">
        <Risk risk={node.risk} />
      </Cell>
      <Cell label="Why" class="why">
        <WhyText node={node} />
      </Cell>
    </tr>
  );
}

function WhyText({ node }: { node: NodeView }): JSX.Element | null {
  if (node.verdict !== null) {
    const [first, ...rest] = node.reasons;
    return (
      <>
        <Badge word={node.verdict} /> {first === undefined ? null : <span>{first.detail}</span>}
        {rest.length === 0 ? null : <span class="dim"> and {rest.length} more</span>}
      </>
    );
  }
  if (node.ticket !== null) return <span>a ticket is out</span>;
  return null;
}
