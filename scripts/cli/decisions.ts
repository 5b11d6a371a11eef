/**
 * `sekisho decisions evaluate`: the worst-case gate over a file of universes, offline, with the code
 * that the service runs. Exit 0 where it allows, 1 where it pauses or blocks.
 * Specification: docs/universes.md.
 */
import { err } from "../../shared/result.ts";
import { parseStrictJson } from "../../shared/strict-json.ts";
import { unixMsToIso } from "../../shared/time.ts";
import {
  type DecisionEvaluation,
  evaluateDecision,
  evaluateDecisionSchema,
} from "../../shared/universe/index.ts";
import { answer, type Command, readArgs, readInput } from "./command.ts";
import { facts, table } from "./print.ts";

const EVALUATE_USAGE = "decisions evaluate FILE|-";

export const decisionsEvaluate: Command = {
  usage: EVALUATE_USAGE,
  summary: "evaluate an action over its universes, offline",
  async run(context) {
    const args = readArgs(context, EVALUATE_USAGE, ["FILE"], {});
    if (!args.ok) return args;
    const [file = ""] = args.value.positionals;
    const text = readInput(file);
    if (!text.ok) return text;
    const next = "correct it; docs/universes.md says what it holds";
    const json = parseStrictJson(text.value);
    if (!json.ok) return err({ exit: 2, message: `${file}: ${json.error.detail}`, next });
    const question = evaluateDecisionSchema.safeParse(json.value);
    if (!question.success) {
      const flaws = question.error.issues.map(
        ({ path, message }) => `/${path.map(String).join("/")}: ${message}`,
      );
      return err({ exit: 2, message: `${file} is no question:\n${flaws.join("\n")}`, next });
    }
    const evaluation = evaluateDecision(question.data, unixMsToIso(Date.now()));
    if (evaluation.decision === "allow") return answer(evaluation, textOf(evaluation));
    return err({
      exit: 1,
      message: textOf(evaluation),
      next: `see recommendations: ${evaluation.recommendations.join(", ")}`,
      facts: evaluation,
    });
  },
};

function textOf(evaluation: DecisionEvaluation): string {
  const { decision, score, topUniverse, universes, reasons, conflict } = evaluation;
  const rows = universes.map((universe) => [
    universe.id,
    universe.decision,
    universe.score.toFixed(4),
    universe.reasons.map(({ code }) => code).join(" "),
  ]);
  const lines = [
    facts([
      ["decision", decision],
      ["score", score.toFixed(4)],
      ["top universe", topUniverse ?? "-"],
      ["conflict", conflict.score.toFixed(4)],
    ]),
    table(["universe", "decision", "score", "reasons"], rows),
    ...conflict.contradictions.map(({ gains, loses }) => `${gains} gains, ${loses} loses`),
    ...reasons.map(({ counterfactual }) => `- ${counterfactual}`),
  ];
  return lines.join("\n");
}
