/** One node in full: why it stands where it stands, what it is about to do, who answers for it. */
import type { SeatRequirement } from "../../../shared/approval/index.ts";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { MissionView, NodeView } from "../../../shared/mission/index.ts";
import type { GateResultRecord } from "../../../shared/trace/index.ts";
import { ask, type Problem } from "../api.ts";
import { Badge, Risk } from "../parts/badge.tsx";
import { EvidenceList } from "../parts/evidence.tsx";
import { GateResult, Reasons } from "../parts/gate.tsx";
import { Moment, Relative } from "../parts/moment.tsx";
import { Facts, Hash, Json, ProblemNote } from "../parts/page.tsx";
import { addressOf, usePlace } from "../router.ts";
import { hasRole, useSession } from "../session.ts";
import { BanAgent, ResetNode } from "./intervene.tsx";

export function NodePanel({
  mission,
  node,
  onDone,
}: {
  mission: MissionView;
  node: NodeView;
  /** Called when an intervention has changed something. */
  onDone: () => void;
}): JSX.Element {
  const isOperator = hasRole(useSession(), "operator");
  const heading = useRef<HTMLHeadingElement>(null);
  const view = usePlace().query.get("view");
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="panel" aria-labelledby="node">
      <div class="heading">
        <h2 id="node" tabIndex={-1} ref={heading}>
          {node.title}
        </h2>
        <a class="close" href={addressOf(["missions", mission.id], { view })}>
          Close
        </a>
      </div>
      <NodeFacts mission={mission} node={node} />
      {node.reasons.length === 0 ? null : (
        <>
          <h3>Why it waits</h3>
          <Waits node={node} />
          <Reasons reasons={node.reasons} />
        </>
      )}
      <RequestNote mission={mission} node={node} />
      {node.state === "DONE" ? null : <AskGate missionId={mission.id} nodeId={node.id} />}
      <Proposal node={node} />
      {node.evidence.length === 0 ? null : (
        <>
          <h3>Evidence</h3>
          <EvidenceList evidence={node.evidence} />
        </>
      )}
      <Outcome node={node} />
      {isOperator ? (
        <div class="choices">
          <ResetNode missionId={mission.id} node={node} onDone={onDone} />
          {node.proposal === null || isOver(mission) ? null : (
            <BanAgent mission={mission} agent={node.proposal.agent} onDone={onDone} />
          )}
        </div>
      ) : null}
    </section>
  );
}

function isOver({ state }: MissionView): boolean {
  return state !== "active" && state !== "paused";
}

/** The two waits that end by nobody's approval, told apart from the rest. */
function Waits({ node }: { node: NodeView }): JSX.Element | null {
  const codes = node.reasons.map(({ code }) => code);
  if (node.loop !== undefined) {
    return (
      <p class="note tone-bad">
        <strong>The loop guard holds this node.</strong> Proposals came back again and again without
        anything changing ({node.loop}); further ones are refused until a person decides what is
        open or resets the node.
      </p>
    );
  }
  if (codes.includes("LEASE_HELD")) {
    return (
      <p class="note tone-wait">
        <strong>It waits for a lease.</strong> Another node holds what this one wants to write; the
        gate is asked again when that is given back or runs out.
      </p>
    );
  }
  return null;
}

function NodeFacts({ mission, node }: { mission: MissionView; node: NodeView }): JSX.Element {
  const before = mission.edges.filter(({ to }) => to === node.id).map(({ from }) => from);
  const after = mission.edges.filter(({ from }) => from === node.id).map(({ to }) => to);
  return (
    <Facts
      items={[
        [
          "State",
          <span class="marks">
            <Badge word={node.state} />
            {node.verdict === null ? null : <Badge word={node.verdict} />}
            <Risk risk={node.risk} />
          </span>,
        ],
        ["Node", <code>{node.id}</code>],
        ["Kind", `${node.kind}, phase ${node.phase}`],
        ["Answers for it", node.ownerR],
        ["Does it", node.ownerX],
        ["Attempt", `${node.attempt} of ${node.attemptsMax}`],
        ["Resets", node.resets === undefined ? null : String(node.resets)],
        ["Leases", node.lease && <Leases lease={node.lease} />],
        ["Approves", node.approves === null ? null : nodeLinks(mission.id, [node.approves])],
        ["After", before.length === 0 ? null : nodeLinks(mission.id, before)],
        ["Before", after.length === 0 ? null : nodeLinks(mission.id, after)],
        ["Human share", node.share && `${Math.round(node.share.h * 100)} %`],
        ["Ran under", node.ranDigest === null ? null : <Hash value={node.ranDigest} />],
      ]}
    />
  );
}

function Leases({ lease }: { lease: NonNullable<NodeView["lease"]> }): JSX.Element {
  const { fence, expiresAt } = lease;
  return (
    <>
      {Object.entries(fence).map(([slice, count]) => (
        <div key={slice}>
          <code>{slice}</code>, fence {count}
        </div>
      ))}
      {expiresAt === null ? null : (
        <>
          until <Moment at={expiresAt} />
        </>
      )}
    </>
  );
}

function nodeLinks(missionId: string, ids: readonly string[]): JSX.Element {
  return (
    <>
      {ids.map((id, index) => (
        <>
          {index === 0 ? null : ", "}
          <a key={id} href={addressOf(["missions", missionId], { node: id })}>
            {id}
          </a>
        </>
      ))}
    </>
  );
}

function RequestNote({
  mission,
  node,
}: {
  mission: MissionView;
  node: NodeView;
}): JSX.Element | null {
  const { request } = node;
  if (request === null) return null;
  const { have, deadlineAt } = request;
  const requirement: SeatRequirement = request.askedNow ?? request.requirement;
  return (
    <p class="note tone-wait">
      People are asked: {have} of {requirement.quorum} have approved
      {requirement.group === undefined ? "" : `, from ${requirement.group}`}
      {requirement.also?.map((group) => `, or from ${group}`)}. The deadline is{" "}
      <Relative at={deadlineAt} />; silence denies.{" "}
      <a href={addressOf(["inbox", mission.id, node.id])}>Read the request</a>
    </p>
  );
}

/** The gate asked now, recording nothing. */
function AskGate({ missionId, nodeId }: { missionId: string; nodeId: string }): JSX.Element {
  const [result, setResult] = useState<GateResultRecord | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = async () => {
    const address = `/v1/missions/${encodeURIComponent(missionId)}/nodes/${encodeURIComponent(nodeId)}/gate?dryRun=true`;
    const answered = await ask<{ gateResult: GateResultRecord }>(address, { body: {} });
    setResult(answered.ok ? answered.value.gateResult : null);
    setProblem(answered.ok ? null : answered.error);
  };
  return (
    <>
      <h3>The gate</h3>
      <p>
        <button type="button" onClick={() => void run()}>
          Ask the gate now
        </button>{" "}
        <span class="dim">records nothing</span>
      </p>
      <ProblemNote problem={problem} />
      {result === null ? null : <GateResult result={result} />}
    </>
  );
}

function Proposal({ node }: { node: NodeView }): JSX.Element | null {
  const { proposal } = node;
  if (proposal === null) return null;
  const { action } = proposal;
  return (
    <>
      <h3>Proposed</h3>
      <Facts
        items={[
          ["By", proposal.agent],
          ["Because", proposal.rationale === "" ? null : proposal.rationale],
          ["Purpose", proposal.purpose],
          ["Action", action && <code>{action.type}</code>],
          ["Arguments", action && <Hash value={action.argsHash} />],
        ]}
      />
      {action === null ? null : <Json value={action.args} label="Arguments of the action" />}
    </>
  );
}

function Outcome({ node }: { node: NodeView }): JSX.Element | null {
  const { ticket, receipt, result, approvals } = node;
  if (ticket === null && receipt === null && result === null && approvals.length === 0) return null;
  return (
    <>
      <h3>What came of it</h3>
      <Facts
        items={[
          ["Approved by", approvals.map(({ approver }) => approver).join(", ") || null],
          [
            "Ticket",
            ticket && (
              <>
                <code class="hash">{ticket.jti}</code>, until <Moment at={ticket.expiresAt} />
              </>
            ),
          ],
          ["Result by", result?.by],
          [
            "Tests",
            result?.tests
              .map(({ id, passed }) => `${id} ${passed ? "passed" : "failed"}`)
              .join(", "),
          ],
        ]}
      />
      {result === null ? null : <Json value={result.outputs} label="Outputs" />}
      {receipt === null ? null : <Json value={receipt} label="Receipt of the gateway" />}
    </>
  );
}
