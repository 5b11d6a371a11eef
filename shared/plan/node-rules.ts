/**
 * The rules a node must keep on its own: kind against action and approval, risk against owners.
 *
 * Looks at no edge; what depends on the graph is `compile.ts`'s question.
 * Specification: docs/plan.md, "Rules of a node".
 */
import type { NodeSpec } from "./schema.ts";
import type { Report } from "./violation.ts";

/** From this risk on a person is accountable and a person approves: risk >= 3 => owner_R = human. */
const HUMAN_RISK_MIN = 3;
/** The highest risk the system may complete by itself. */
const SYSTEM_RISK_MAX = 2;

/** Reports every rule that `node`, found at `pointer`, breaks by itself. */
export function checkNode(node: NodeSpec, pointer: string, report: Report): void {
  checkKind(node, pointer, report);
  checkOwners(node, pointer, report);
  checkResult(node, pointer, report);
  checkAsked(node, pointer, report);
  checkClocks(node, pointer, report);
  const mayWait =
    node.kind === "approval" || node.risk >= HUMAN_RISK_MIN || node.allocation !== undefined;
  if (node.approval && !mayWait) {
    report(
      "approval_not_applicable",
      `${pointer}/approval`,
      `${node.kind} node ${node.id} of risk ${node.risk} never waits for a person's approval`,
    );
  }
}

function checkKind(node: NodeSpec, pointer: string, report: Report): void {
  if (node.kind === "execution" && !node.action) {
    report("action_required", pointer, `execution node ${node.id} has no action to execute`);
  }
  if (node.kind !== "execution" && node.action) {
    const detail = `${node.kind} node ${node.id} has the action ${node.action.type}`;
    report("action_not_allowed", `${pointer}/action`, detail);
  }
  if (node.kind !== "approval" && node.approves !== undefined) {
    const detail = `${node.kind} node ${node.id} approves ${node.approves}`;
    report("approves_not_allowed", `${pointer}/approves`, detail);
  }
}

/** What nobody submits nobody can check; a test that silently never ran would be worse than none. */
function checkResult(node: NodeSpec, pointer: string, report: Report): void {
  if (node.kind === "decision") return;
  for (const member of ["tests", "outputs"] as const) {
    if (node[member].length === 0) continue;
    report(
      "result_not_expected",
      `${pointer}/${member}`,
      `${node.kind} node ${node.id} has ${member}`,
    );
  }
}

/** A rule that never has anything to look at would only seem to protect. */
function checkAsked(node: NodeSpec, pointer: string, report: Report): void {
  const { id, kind, ownerX, approves, universes, evidenceIn, evidencePolicy } = node;
  const isProposed = ownerX !== "system" && (kind !== "approval" || approves !== undefined);
  if (universes && !isProposed) {
    const detail = `nobody proposes at ${id}, so nobody observes its universes`;
    report("universes_not_observed", `${pointer}/universes`, detail);
  }
  if (evidencePolicy && evidenceIn.length === 0) {
    const detail = `${id} has an evidencePolicy and requires no evidence`;
    report("evidence_policy_not_applicable", `${pointer}/evidencePolicy`, detail);
  }
}

/** What would come when silence has long denied would only seem to help. */
function checkClocks({ id, approval }: NodeSpec, pointer: string, report: Report): void {
  if (!approval) return;
  const { deadlineMs, escalation = [], reminder } = approval;
  for (const [at, { afterMs }] of escalation.entries()) {
    const place = `${pointer}/approval/escalation/${at}/afterMs`;
    const before = escalation[at - 1]?.afterMs ?? 0;
    if (afterMs <= before)
      report("escalation_not_rising", place, `${id} asks after ${before} ms, then ${afterMs} ms`);
    if (afterMs >= deadlineMs)
      report("escalation_too_late", place, `${id} denies after ${deadlineMs} ms of silence`);
  }
  if (reminder && reminder.everyMs >= deadlineMs) {
    const place = `${pointer}/approval/reminder/everyMs`;
    report("reminder_too_late", place, `${id} denies after ${deadlineMs} ms of silence`);
  }
}

function checkOwners(node: NodeSpec, pointer: string, report: Report): void {
  const { id, kind, risk, ownerR, ownerX } = node;
  if (risk >= HUMAN_RISK_MIN && ownerR !== "human") {
    const detail = `${id} has risk ${risk} and ownerR ${ownerR}`;
    report("accountable_not_human", `${pointer}/ownerR`, detail);
  }
  if (kind === "approval" && ownerX !== "human") {
    const detail = `approval node ${id} has ownerX ${ownerX}`;
    report("approval_not_human", `${pointer}/ownerX`, detail);
  }
  if (kind === "execution" && ownerX !== "agent") {
    const detail = `execution node ${id} has ownerX ${ownerX}`;
    report("execution_not_agent", `${pointer}/ownerX`, detail);
  }
  if (kind === "decision" && ownerX === "human") {
    const detail = `decision node ${id} has ownerX human, and only agents propose and submit results`;
    report("decision_not_human", `${pointer}/ownerX`, detail);
  }
  if (kind === "decision" && ownerX === "system") checkSystem(node, pointer, report);
}

function checkSystem(node: NodeSpec, pointer: string, report: Report): void {
  if (node.risk > SYSTEM_RISK_MAX) {
    const detail = `${node.id} has risk ${node.risk} and ownerX system`;
    report("system_not_allowed", `${pointer}/ownerX`, detail);
  }
  for (const member of ["tests", "outputs", "evidenceOut", "writeSet"] as const) {
    if (node[member].length === 0) continue;
    const detail = `the system completes ${node.id} without producing anything, yet it has ${member}`;
    report("system_produces", `${pointer}/${member}`, detail);
  }
}
