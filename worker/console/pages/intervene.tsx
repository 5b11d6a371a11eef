/** What an operator may do to a whole mission: pause, resume, stop. Each takes a reason and is recorded. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { MissionView } from "../../../shared/mission/index.ts";
import { announce } from "../announce.ts";
import { ask, type Problem } from "../api.ts";
import { ProblemNote } from "../parts/page.tsx";

type Kind = "pause" | "resume" | "stop";

const SAYS: Readonly<Record<Kind, string>> = {
  pause: "Pause: nothing new starts, deadlines stand still.",
  resume: "Resume: people who were asked are asked anew.",
  stop: "Stop: for good. Nothing of this mission runs any more.",
};

export function Intervene({
  mission,
  onDone,
}: {
  mission: MissionView;
  onDone: () => void;
}): JSX.Element | null {
  const [kind, setKind] = useState<Kind | null>(null);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const kinds = kindsFor(mission);
  if (kinds.length === 0) return null;
  const send = async (chosen: Kind) => {
    const address = `/v1/missions/${encodeURIComponent(mission.id)}/interventions`;
    const answered = await ask<{ state: string }>(address, { body: { kind: chosen, reason } });
    setProblem(answered.ok ? null : answered.error);
    if (!answered.ok) return;
    announce(`The mission is ${answered.value.state}`);
    setKind(null);
    setReason("");
    onDone();
  };
  return (
    <details class="card">
      <summary>Intervene</summary>
      <fieldset>
        <legend>What to do</legend>
        {kinds.map((each) => (
          <label key={each} class="option">
            <input
              type="radio"
              name="intervention"
              checked={kind === each}
              onChange={() => setKind(each)}
            />
            <span>{SAYS[each]}</span>
          </label>
        ))}
      </fieldset>
      <label class="field wide">
        <span>Reason, for the trace</span>
        <textarea
          rows={2}
          maxLength={2_000}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <ProblemNote problem={problem} />
      <button
        type="button"
        disabled={kind === null || reason.trim() === ""}
        onClick={() => void (kind !== null && send(kind))}
      >
        {kind === null ? "Choose what to do" : `${kind} the mission`}
      </button>
    </details>
  );
}

function kindsFor({ state }: MissionView): readonly Kind[] {
  if (state === "active") return ["pause", "stop"];
  return state === "paused" ? ["resume", "stop"] : [];
}
