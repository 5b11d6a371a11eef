/**
 * One request for approval, whole: what would happen, how far it reaches, what the gates and the evidence say, and
 * what follows from approving, denying and silence. What is shown is what is signed.
 */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { shortDigest } from "../../../shared/approval/index.ts";
import type { MissionView } from "../../../shared/mission/index.ts";
import type { GateResultRecord } from "../../../shared/trace/index.ts";
import { announce } from "../announce.ts";
import type { ShownApproval } from "../answers.ts";
import { ask, useResource } from "../api.ts";
import { figuresIn, seatsText } from "../asking.ts";
import { Risk } from "../parts/badge.tsx";
import { EvidenceList } from "../parts/evidence.tsx";
import { GateResult } from "../parts/gate.tsx";
import { Moment, Relative } from "../parts/moment.tsx";
import { Empty, Facts, Hash, Json, Page, ProblemNote } from "../parts/page.tsx";
import { useOwnEntry } from "../parts/signer.tsx";
import { addressOf } from "../router.ts";
import { BreakGlass } from "./break-glass.tsx";
import { Decide } from "./decide.tsx";
import { requestIn, type OpenRequest } from "./open-request.ts";
import { Releases } from "./releases.tsx";
import { Changes, NobodyCan, Outcomes, Seats } from "./request-view.tsx";

const POLL_MS = 4_000;

export function RequestPage({
  missionId,
  nodeId,
}: {
  missionId: string;
  nodeId: string;
}): JSX.Element {
  const address = `/v1/missions/${encodeURIComponent(missionId)}`;
  const { data: mission, problem, reload } = useResource<MissionView>(address, POLL_MS);
  const request = mission === null ? null : requestIn(mission, nodeId);
  const isChanged = useChange(request?.gateDigest ?? null);
  return (
    <Page
      title={request?.title ?? nodeId}
      above={<a href={addressOf(["inbox"])}>Inbox</a>}
      aside={request && <Risk risk={request.risk} />}
    >
      <ProblemNote problem={problem} />
      {isChanged ? (
        <p class="note tone-wait" role="alert">
          <strong>The request has changed while you read it.</strong> What is shown is the new one.
        </p>
      ) : null}
      {mission === null ? (
        problem === null && <Empty loading>Nothing</Empty>
      ) : request === null ? (
        <NotAsked mission={mission} nodeId={nodeId} />
      ) : (
        <Request key={request.gateDigest} mission={mission} request={request} onDone={reload} />
      )}
    </Page>
  );
}

/** Whether the digest is another one than that first shown. */
function useChange(gateDigest: string | null): boolean {
  const first = useRef<string | null>(null);
  first.current ??= gateDigest;
  return gateDigest !== null && first.current !== gateDigest;
}

function NotAsked({ mission, nodeId }: { mission: MissionView; nodeId: string }): JSX.Element {
  const node = mission.nodes.find(({ id }) => id === nodeId);
  const state = node === undefined ? "is not in this mission" : `is ${node.state}`;
  useEffect(() => announce(`${nodeId} ${state}; nobody is asked`), [nodeId, state]);
  return (
    <p class="empty">
      {node?.title ?? nodeId} {state}; nobody is asked to decide about it.{" "}
      <a href={addressOf(["missions", mission.id], { node: node?.id })}>
        Look at it in its mission
      </a>
    </p>
  );
}

function Request({
  mission,
  request,
  onDone,
}: {
  mission: MissionView;
  request: OpenRequest;
  onDone: () => void;
}): JSX.Element {
  const { action, evidence } = request;
  // Per digest: this component is a new one for each.
  const address = `/v1/missions/${encodeURIComponent(mission.id)}/nodes/${encodeURIComponent(request.nodeId)}/approval`;
  const { data } = useResource<ShownApproval>(request.node === null ? null : address, POLL_MS);
  // Of another request than the one that is shown and signed it says nothing here.
  const view = data?.gateDigest === request.gateDigest ? data : null;
  const person = useOwnEntry();
  const asked = {
    missionId: mission.id,
    nodeId: request.nodeId,
    attempt: request.attempt,
    gateDigest: request.gateDigest,
  };
  return (
    <>
      {view?.meetable === false ? <NobodyCan /> : null}
      <p class="lede">{whatHappens(request)}</p>
      <RequestFacts mission={mission} request={request} />
      <section aria-labelledby="action">
        <h2 id="action">Exactly this</h2>
        {action === null ? (
          <p>No action on the outside: the approval itself is the outcome.</p>
        ) : (
          <>
            <p>
              <code>{action.type}</code>
              {action.argsHash === "" ? null : (
                <>
                  , arguments <Hash value={action.argsHash} />
                </>
              )}
            </p>
            <Json value={action.args} label="Arguments of the action" />
          </>
        )}
      </section>
      {view === null ? null : <Changes view={view} />}
      {request.node === null ? null : <Releases mission={mission} nodes={request.downstream} />}
      {request.node === null ? null : <Gates missionId={mission.id} nodeId={request.nodeId} />}
      {evidence.length === 0 ? null : (
        <section aria-labelledby="evidence">
          <h2 id="evidence">Evidence</h2>
          <EvidenceList evidence={evidence} />
        </section>
      )}
      {view === null ? null : (
        <>
          <Seats view={view} />
          <Outcomes view={view} />
        </>
      )}
      <Decide asked={asked} person={person} onDone={onDone} />
      {person?.breakGlass === true && request.node !== null ? (
        <BreakGlass asked={asked} person={person} onDone={onDone} />
      ) : null}
    </>
  );
}

function whatHappens({ by, action, title, covers }: OpenRequest): string {
  const who = by ?? "The system";
  if (action === null) return `${who} asks people to confirm: ${title}.`;
  const where = covers === null ? "this node" : `the node "${covers}"`;
  return `${who} wants ${where} to perform ${action.type} with the arguments below. Nothing has happened yet.`;
}

function RequestFacts({
  mission,
  request,
}: {
  mission: MissionView;
  request: OpenRequest;
}): JSX.Element {
  const { have, requirement, deadlineAt } = request;
  return (
    <Facts
      items={[
        ["Digest", <code class="digest">{shortDigest(request.gateDigest)}</code>],
        ["Whole digest", <code class="hash">{request.gateDigest}</code>],
        ["Who asks", request.by ?? "the system"],
        ["Because", request.rationale === "" ? null : request.rationale],
        ["Cost", request.action && (figuresIn(request.action.args) ?? "not stated")],
        ["Approved", seatsText(have, requirement)],
        ["By", request.approvers.join(", ") || null],
        [
          "Deadline",
          <>
            <Relative at={deadlineAt} /> (<Moment at={deadlineAt} />)
          </>,
        ],
        [
          "Approval clears",
          request.pauses.map(({ gate, codes }) => `${gate}: ${codes.join(", ")}`).join("; ") ||
            null,
        ],
        ["Policy", <Hash value={mission.policy.version} chars={16} />],
        ["Attempt", String(request.attempt)],
        [
          "Mission",
          <a href={addressOf(["missions", mission.id], { node: request.node?.id })}>
            {mission.title}
          </a>,
        ],
      ]}
    />
  );
}

/** The gates asked anew for this reader, recording nothing. */
function Gates({ missionId, nodeId }: { missionId: string; nodeId: string }): JSX.Element | null {
  const [result, setResult] = useState<GateResultRecord | null>(null);
  useEffect(() => {
    const address = `/v1/missions/${encodeURIComponent(missionId)}/nodes/${encodeURIComponent(nodeId)}/gate?dryRun=true`;
    void ask<{ gateResult: GateResultRecord }>(address, { body: {} }).then((answered) => {
      if (answered.ok) setResult(answered.value.gateResult);
    });
  }, [missionId, nodeId]);
  return (
    <section aria-labelledby="gates">
      <h2 id="gates">What the gates say now</h2>
      {result === null ? <Empty loading>Nothing</Empty> : <GateResult result={result} />}
    </section>
  );
}
