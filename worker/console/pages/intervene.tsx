/**
 * What an operator may do to a mission: pause, resume, stop, have nodes start over, ban an agent. Each names what will
 * happen before it does, takes a reason and is recorded. Specification: docs/interventions.md.
 */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { MissionView, NodeView } from "../../../shared/mission/index.ts";
import { announce } from "../announce.ts";
import { ask, type Problem } from "../api.ts";
import { Confirm } from "../parts/confirm.tsx";

type Intervention = { readonly reason: string } & (
  | { readonly kind: "pause" | "resume" | "stop" }
  | { readonly kind: "reset"; readonly nodeId?: string }
  | { readonly kind: "ban"; readonly agent: string }
);

/** The interventions that the mission's state allows; none once it is over. */
export function Intervene({
  mission,
  onDone,
}: {
  mission: MissionView;
  onDone: () => void;
}): JSX.Element | null {
  const { state } = mission;
  if (state !== "active" && state !== "paused") return null;
  const doIt = (kind: "pause" | "resume" | "stop") => async (reason: string) =>
    intervene(mission.id, { kind, reason }, onDone);
  return (
    <details class="card">
      <summary>Intervene</summary>
      <div class="choices">
        {state === "active" ? (
          <Confirm
            label="Pause the mission"
            says="Nothing new starts, and deadlines stand still until somebody resumes it. A ticket already at the gateway runs to its end."
            takesReason
            onConfirm={doIt("pause")}
          />
        ) : (
          <Confirm
            label="Resume the mission"
            says="It goes on where it stood; people who were asked are asked anew."
            takesReason
            onConfirm={doIt("resume")}
          />
        )}
        <ResetMission mission={mission} onDone={onDone} />
        <Confirm
          label="Stop the mission"
          says="For good: nothing of this mission runs any more, and nobody can resume it."
          takesReason
          onConfirm={doIt("stop")}
        />
      </div>
      <BanField mission={mission} onDone={onDone} />
    </details>
  );
}

function ResetMission({
  mission,
  onDone,
}: {
  mission: MissionView;
  onDone: () => void;
}): JSX.Element {
  const nodes = mission.nodes.filter(canStartOver);
  if (nodes.length === 0) return <span class="dim">No node could start over now.</span>;
  return (
    <Confirm
      label="Reset the mission"
      says={
        <>
          {nodes.length === 1 ? "One node starts over" : `${nodes.length} nodes start over`}:{" "}
          {nodes.map(({ title }) => title).join("; ")}. Their proposals, evidence and approvals no
          longer count. What is done stays done. {thirdText(mission.resets)}
        </>
      }
      takesReason
      onConfirm={async (reason) => intervene(mission.id, { kind: "reset", reason }, onDone)}
    />
  );
}

/** Has one node start over; null where it cannot. */
export function ResetNode({
  missionId,
  node,
  onDone,
}: {
  missionId: string;
  node: NodeView;
  onDone: () => void;
}): JSX.Element | null {
  if (!canStartOver(node)) return null;
  const reset = async (reason: string) =>
    intervene(missionId, { kind: "reset", reason, nodeId: node.id }, onDone);
  return (
    <Confirm
      label="Reset this node"
      says={
        <>
          The node starts over: its proposal, result and approvals no longer count, its evidence
          stays, and a loop guard that holds it lets go. {thirdText(node.resets)}
        </>
      }
      takesReason
      onConfirm={reset}
    />
  );
}

/** Bans an agent from one mission. */
export function BanAgent({
  mission,
  agent,
  onDone,
}: {
  mission: MissionView;
  agent: string;
  onDone: () => void;
}): JSX.Element | null {
  if (mission.bannedAgents?.includes(agent) === true) {
    return <p class="dim">{agent} is banned from this mission.</p>;
  }
  const held = mission.nodes.filter(
    (node) => node.proposal?.agent === agent && canStartOver(node),
  ).length;
  return (
    <Confirm
      label={`Ban ${agent} from this mission`}
      says={banText(agent, held)}
      takesReason
      onConfirm={async (reason) => intervene(mission.id, { kind: "ban", reason, agent }, onDone)}
    />
  );
}

function banText(agent: string, held: number): ComponentChildren {
  const nodes =
    held === 1
      ? "One node that holds its proposal starts over."
      : `${held} nodes that hold its proposals start over.`;
  return (
    <>
      {agent} leaves this mission for good: nothing more is taken from it, and none of its tickets
      is issued. {held === 0 ? "It holds no node now." : nodes} In other missions of the team it
      goes on; Settings, agents, bans it from all.
    </>
  );
}

/** Any agent by its id, also one that holds nothing at the moment. */
function BanField({ mission, onDone }: { mission: MissionView; onDone: () => void }): JSX.Element {
  const [agent, setAgent] = useState("");
  const banned = mission.bannedAgents ?? [];
  return (
    <>
      <label class="field narrow">
        <span>Agent to ban from this mission</span>
        <input
          type="text"
          list="agents-here"
          autoComplete="off"
          maxLength={256}
          value={agent}
          onInput={(event) => setAgent(event.currentTarget.value)}
        />
      </label>
      <datalist id="agents-here">
        {agentsOf(mission).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {agent.trim() === "" ? null : (
        <BanAgent key={agent} mission={mission} agent={agent.trim()} onDone={onDone} />
      )}
      {banned.length === 0 ? null : <p class="dim">Banned already: {banned.join(", ")}</p>}
    </>
  );
}

function agentsOf({ nodes }: MissionView): readonly string[] {
  const ids = nodes.flatMap(({ proposal, evidence }) => [
    ...(proposal === null ? [] : [proposal.agent]),
    ...evidence.map(({ producedBy }) => producedBy),
  ]);
  return [...new Set(ids)].toSorted();
}

/** As the mission decides it: what may have happened is never started over. */
function canStartOver({ state, verdict, ticket, receipt }: NodeView): boolean {
  const isOver = state === "NEW" || state === "DONE" || verdict === "seal" || ticket !== null;
  return !isOver && receipt?.outcome !== "unknown" && receipt?.outcome !== "succeeded";
}

function thirdText(resets = 0): string {
  return resets < 2
    ? ""
    : `It was reset ${resets} times before: this also pauses the mission and opens an incident.`;
}

async function intervene(
  missionId: string,
  body: Intervention,
  onDone: () => void,
): Promise<Problem | null> {
  const address = `/v1/missions/${encodeURIComponent(missionId)}/interventions`;
  const answered = await ask<{ state: string; reset: readonly string[] }>(address, { body });
  if (!answered.ok) return answered.error;
  const { state, reset } = answered.value;
  const over = reset.length === 0 ? "" : `; starting over: ${reset.join(", ")}`;
  announce(`The mission is ${state}${over}`);
  onDone();
  return null;
}
