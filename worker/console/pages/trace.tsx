/** The trace of a mission: checked in this browser, and moved about in. `at` in the address is the seq. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Certification } from "../../../shared/mission/index.ts";
import { announce } from "../announce.ts";
import type { Problem } from "../api.ts";
import { Empty, Page, ProblemNote } from "../parts/page.tsx";
import { addressOf, setQuery, type Place } from "../router.ts";
import {
  checkCheckpoint,
  loadTrace,
  type CheckpointCheck,
  type LoadedTrace,
} from "../trace/load.ts";
import { marksOf } from "../trace/marks.ts";
import { StateAt } from "./state-at.tsx";
import { TimeSlider } from "./time-slider.tsx";

/** Written to the address only when the slider rests: browsers refuse a page that rewrites it all the time. */
const REST_MS = 300;

export function TracePage({ missionId, place }: { missionId: string; place: Place }): JSX.Element {
  const { trace, problem, progress } = useTrace(missionId);
  return (
    <Page
      title={trace === null ? "Trace" : `Trace, ${trace.events.length} events`}
      above={<a href={addressOf(["missions", missionId])}>The mission</a>}
      aside={trace && <SaveLink missionId={missionId} text={trace.text} />}
    >
      <ProblemNote problem={problem} />
      {trace === null ? (
        problem === null && (
          <Empty loading={progress === 0}>{progress} events read and checked…</Empty>
        )
      ) : (
        <>
          <Checks missionId={missionId} trace={trace} />
          {trace.events.length === 0 ? null : (
            <Travel missionId={missionId} trace={trace} asked={place.query.get("at")} />
          )}
        </>
      )}
    </Page>
  );
}

function useTrace(missionId: string) {
  const [trace, setTrace] = useState<LoadedTrace | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [progress, setProgress] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    void loadTrace(missionId, stop.signal, setProgress).then((loaded) => {
      if (stop.signal.aborted) return;
      if (!loaded.ok) return setProblem(loaded.error);
      announce(`${loaded.value.events.length} events are checked`);
      setTrace(loaded.value);
    });
    return () => stop.abort();
  }, [missionId]);
  return { trace, problem, progress };
}

/** Where the reader stands in the trace, and everything that depends on it. */
function Travel({
  missionId,
  trace,
  asked,
}: {
  missionId: string;
  trace: LoadedTrace;
  asked: string | null;
}): JSX.Element {
  const last = trace.events.length - 1;
  const [seq, setSeq] = useState(() => seqFrom(asked, last));
  const marks = useMemo(() => marksOf(trace.events), [trace]);
  useEffect(() => {
    const timer = setTimeout(() => setQuery({ at: String(seq) }), REST_MS);
    return () => clearTimeout(timer);
  }, [seq]);
  return (
    <>
      <TimeSlider events={trace.events} marks={marks} seq={seq} onMove={setSeq} />
      <StateAt missionId={missionId} trace={trace} seq={seq} onMove={setSeq} />
    </>
  );
}

function seqFrom(asked: string | null, last: number): number {
  const seq = asked !== null && /^\d{1,9}$/.test(asked) ? Number(asked) : last;
  return Math.min(seq, last);
}

function SaveLink({ missionId, text }: { missionId: string; text: string }): JSX.Element {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [text]);
  return (
    <a class="button" href={address} download={`${missionId}.ndjson`}>
      Save the trace
    </a>
  );
}

/** What this browser found out by itself. */
function Checks({ missionId, trace }: { missionId: string; trace: LoadedTrace }): JSX.Element {
  const [checkpoint, setCheckpoint] = useState<CheckpointCheck | Problem | null>(null);
  useEffect(() => {
    void checkCheckpoint(missionId, trace.tree).then((checked) =>
      setCheckpoint(checked.ok ? checked.value : checked.error),
    );
  }, [missionId, trace]);
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checked in this browser</h2>
      <ul class="checks">
        <Check name="Chain" {...chainText(trace)} />
        <Check name="Decisions" {...certificationText(trace.certification)} />
        <Check name="Checkpoint" {...checkpointText(checkpoint)} />
      </ul>
    </section>
  );
}

interface Finding {
  /** null: not known. */
  readonly holds: boolean | null;
  readonly text: string;
}

function Check({ name, holds, text }: Finding & { name: string }): JSX.Element {
  const tone = holds === null ? "plain" : holds ? "good" : "bad";
  return (
    <li>
      <span class={`badge tone-${tone}`}>
        <span aria-hidden="true">{holds === null ? "·" : holds ? "✓" : "✕"}</span>
        {holds === null ? "unknown" : holds ? "equals" : "differs"}
      </span>{" "}
      <strong>{name}.</strong> {text}
    </li>
  );
}

function chainText({ flaw, events }: LoadedTrace): Finding {
  if (flaw === null) {
    return {
      holds: true,
      text: `All ${events.length} events hash to what they say, each to the one before.`,
    };
  }
  return { holds: false, text: `Broken at event ${flaw.seq}: ${flaw.detail}.` };
}

function certificationText(certification: Certification | null): Finding {
  if (certification === null) return { holds: null, text: "A broken chain is not decided again." };
  if (certification.certified) {
    const how = certification.exact ? "byte for byte" : "as far as its older rules go";
    return {
      holds: true,
      text: `Decided again from the recorded inputs, everything follows ${how}; ${certification.gates} gates said the same.`,
    };
  }
  const { seq, member, recorded, recomputed } = certification;
  return {
    holds: false,
    text: `Event ${seq} does not follow: ${member} is ${recorded ?? "nothing"}, must be ${recomputed ?? "nothing"}.`,
  };
}

function checkpointText(checkpoint: CheckpointCheck | Problem | null): Finding {
  if (checkpoint === null) return { holds: null, text: "Asking for the signed checkpoint…" };
  if ("status" in checkpoint) {
    return {
      holds: null,
      text: `No checkpoint to compare with: ${checkpoint.title} (${checkpoint.code}).`,
    };
  }
  if (checkpoint.kind === "differs") return { holds: false, text: `${checkpoint.detail}.` };
  const { size, root, signer } = checkpoint;
  return {
    holds: true,
    text: `The Merkle root of these events is the one that ${signer} signed: ${root.slice(0, 16)}… at size ${size}.`,
  };
}
