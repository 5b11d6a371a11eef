/**
 * Compiles a large brief and prints the size of its plan: run as a process of its own, whose heap the
 * caller bounds. A chain with cross links; every fourth judgement is an execution of risk 3, which the
 * Planner puts an approval before.
 */
import { briefSchema, compileBrief } from "../../shared/planner/index.ts";

const count = Number(process.argv[2]);
const brief = readBrief();
const compiled = compileBrief(brief);
if (!compiled.ok) throw new Error(JSON.stringify(compiled.error.violations[0]));
const { nodes, edges } = compiled.value.plan;
process.stdout.write(JSON.stringify({ nodes: nodes.length, edges: edges.length }));

function judgementAt(at: number) {
  const link = at % 2 === 0 && at > 4 ? [`a${at / 2}`] : [];
  const base = {
    id: `n${at}`,
    deliverable: "d",
    title: "Judge",
    inputs: at === 0 ? [] : [`a${at - 1}`, ...link],
    outputs: [`a${at}`],
  };
  if (at % 4 === 0)
    return { ...base, risk: 3, action: { type: "do.it" }, writeSet: [`art#s${at}`] };
  const tests = at === count - 1 ? { tests: [{ id: "ok", title: "ok" }] } : {};
  return { ...base, risk: 1, ...tests };
}

/** In a function, so that what was read from does not stay alive beside what was read. */
function readBrief() {
  return briefSchema.parse({
    title: "large",
    deliverables: [{ id: "d", title: "d", type: "thing", stage: "work" }],
    judgements: Array.from({ length: count }, (_, at) => judgementAt(at)),
  });
}
