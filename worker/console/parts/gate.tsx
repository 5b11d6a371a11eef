/** What gates said: each with its verdict, and every reason with what would make the gate allow. */
import type { JSX } from "preact";
import type { GateResultRecord } from "../../../shared/trace/index.ts";
import { Badge } from "./badge.tsx";

type Reason = GateResultRecord["reasons"][number];

/** Reasons with their counterfactuals. */
export function Reasons({ reasons }: { reasons: readonly Reason[] }): JSX.Element | null {
  if (reasons.length === 0) return null;
  return (
    <ul class="reasons">
      {reasons.map((reason, index) => (
        <li key={index}>
          <p>
            <code class="reason">{reason.code}</code> <span class="dim">{reason.gate}</span>
          </p>
          <p>{reason.detail}</p>
          {reason.counterfactual === undefined ? null : (
            <p class="counterfactual">
              <span class="dim">What would change it:</span> {reason.counterfactual}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The whole pipeline in its fixed order; the worst verdict won. */
export function GateResult({ result }: { result: GateResultRecord }): JSX.Element {
  return (
    <div class="gates">
      <p>
        The gate says <Badge word={result.verdict} />
      </p>
      <ol>
        {result.gates.map(({ gate, verdict }) => (
          <li key={gate}>
            <Badge word={verdict} /> {gate}
          </li>
        ))}
      </ol>
      <Reasons reasons={result.reasons} />
    </div>
  );
}
