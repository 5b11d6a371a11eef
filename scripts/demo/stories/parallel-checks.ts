/**
 * The story of a diamond: two checks at the same time, one of which fails at first. It is run again by
 * itself, under another ticket, and the other never notices.
 * The mission itself is examples/parallel-checks.mission.json.
 */
import { bundle, claim, secondary } from "../evidence.ts";
import { type Action, mustSay } from "../hands.ts";
import type { Stage } from "../hands.ts";
import { mustCome, mustEqual } from "../must.ts";
import type { Story } from "../story.ts";
import type { Teller } from "../terminal.ts";
import { mustBeAsked } from "../vendor-ledger.ts";

const INTAKE = "agent.intake";
const REVIEWER = "agent.reviewer";
const SCREENER = "agent.screener";

const SCREENING: Action = {
  type: "screening.order",
  args: { company: "Halden Logistics AS", country: "NO" },
};

export const parallelChecks: Story = {
  example: "parallel-checks",
  title: "Sekisho: a gate in front of what agents do",
  subtitle: "Story: two checks of a supplier at once. One fails, and only that one runs again.",
  vendorFailures: { [SCREENING.type]: { status: 422, times: 1 } },
  vendorExpects: { received: 2, distinct: 2 },
  steps: [
    { title: "The intake opens both branches", play: tellIntake },
    { title: "One check fails, the other goes on", play: tellFailure },
    { title: "The failed check alone runs again", play: tellRepetition },
    { title: "The decision", play: tellDecision },
  ],
};

async function tellIntake(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(INTAKE, "intake", "The file is complete."), "allow");
  await stage.evidence(
    INTAKE,
    "intake",
    bundle(
      "supplier-file",
      claim(
        "registered",
        ["Halden Logistics AS", "is registered in", "NO"],
        0.95,
        secondary("https://registry.example/halden", "Company registry extract"),
      ),
    ),
  );
  mustSay(await stage.results(INTAKE, "intake", { supplier: "halden" }), "allow");
  const { nodes } = await stage.view();
  const ready = nodes.filter((node) => node.state === "READY").map((node) => node.id);
  mustEqual(ready.sort(), ["order-screening", "review-documents"], "both checks are ready");
  teller.good("Intake is DONE; both checks are READY at once.");
}

async function tellFailure(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(REVIEWER, "review-documents", "Reading the file."), "allow");
  mustSay(await stage.propose(SCREENER, "order-screening", "Both names.", SCREENING), "allow");
  const again = await mustCome(
    "the failed check is READY for its second attempt",
    () => stage.node("order-screening"),
    (node) => node.state === "READY" && node.attempt === 2,
  );
  teller.refused(
    "The registry refuses the order.",
    "HTTP 422: the receipt says failed, and nothing is repeated blindly",
  );
  teller.fact("order-screening", `READY again, attempt ${again.attempt} of ${again.attemptsMax}`);
  const other = await stage.node("review-documents");
  mustEqual([other.state, other.attempt], ["RUNNING", 1], "the other check has not noticed");
  teller.fact(
    "the other",
    `review-documents is still ${other.state} in its attempt ${other.attempt}`,
  );
}

async function tellRepetition(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(SCREENER, "order-screening", "Once more.", SCREENING), "allow");
  const node = await stage.untilNode("order-screening", "DONE");
  const { requests } = await stage.world.vendorLedger();
  mustEqual(requests.length, 2, "the registry was reached twice");
  for (const request of requests) mustBeAsked(request, SCREENING);
  mustEqual(requests[1]?.idempotencyKey, node.receipt?.jti, "the second under the second ticket");
  teller.good("A second proposal, a second ticket, and the registry accepts.");

  await stage.evidence(
    REVIEWER,
    "review-documents",
    bundle(
      "document-review",
      claim(
        "insured",
        ["Halden Logistics AS", "is insured until", "2027-12-31"],
        0.9,
        secondary("sha256:31f0", "Insurance certificate"),
      ),
    ),
  );
  const tests = [{ id: "insurance-valid", passed: true }];
  const reviewed = await stage.results(REVIEWER, "review-documents", { findings: "none" }, tests);
  mustSay(reviewed, "allow");
  mustEqual((await stage.node("review-documents")).attempt, 1, "the other check ran once");
  teller.good("The documents were reviewed once, in their first attempt.");
}

async function tellDecision(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(REVIEWER, "decide", "Both checks are clear."), "allow");
  const tests = [{ id: "both-checks-clear", passed: true }];
  mustSay(await stage.results(REVIEWER, "decide", { decision: "accept" }, tests), "allow");
  const mission = await stage.untilMission("completed");
  teller.good(`The mission is completed: ${mission.progress.done} of ${mission.progress.total}.`);
}
