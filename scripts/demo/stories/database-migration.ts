/**
 * The story of a database migration: two changes of one production database at the same time, each on a
 * slice of its own, each with the people it needs.
 * The mission itself is examples/database-migration.mission.json.
 */
import { bundle, claim, primary } from "../evidence.ts";
import { type Action, describeAction, mustSay, said } from "../hands.ts";
import type { Stage } from "../hands.ts";
import { must, mustEqual } from "../must.ts";
import { tellApproval } from "../people.ts";
import type { Story } from "../story.ts";
import type { Teller } from "../terminal.ts";
import { mustBeAsked } from "../vendor-ledger.ts";
import { isRecord } from "../../cli/api-client.ts";

const PLANNER = "agent.migration-planner";
const MIGRATOR = "agent.migrator";
const ARCHIVER = "agent.archiver";
const PEOPLE = ["jonas.database", "priya.database"];

const MIGRATE: Action = {
  type: "database.migrate",
  args: {
    database: "orders-prod",
    migration: "2027-01-add-delivery-window",
    mode: "online",
    backup: "snap-20270108-0200",
  },
};

const ARCHIVE: Action = {
  type: "database.archive",
  args: {
    database: "orders-prod",
    source: "orders",
    target: "orders_archive",
    closedBefore: "2022-01-01",
    batchRows: 5000,
  },
};

export const databaseMigration: Story = {
  example: "database-migration",
  title: "Sekisho: a gate in front of what agents do",
  subtitle: "Story: two changes of a production database in one night, each on its own slice.",
  vendorFailures: {},
  vendorExpects: { received: 2, distinct: 2 },
  steps: [
    { title: "The rehearsal", play: tellRehearsal },
    { title: "Two people for the schema, one for the archive", play: tellApprovals },
    { title: "Two slices, two tickets, two side effects", play: tellChanges },
    { title: "The verification", play: tellVerification },
  ],
};

async function tellRehearsal(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(PLANNER, "rehearse", "Both changes on last night's copy."), "allow");
  await stage.evidence(
    PLANNER,
    "rehearse",
    bundle(
      "rehearsal-report",
      claim(
        "time",
        ["the schema change", "took minutes on the copy", 11],
        0.98,
        primary("sha256:77ab", "Rehearsal log, 7 January"),
      ),
      claim(
        "rows",
        ["the archive run", "moved rows", 1_840_211],
        0.99,
        primary("sha256:77ac", "Row counts of the rehearsal"),
      ),
    ),
  );
  const tests = [
    { id: "rollback-rehearsed", passed: true },
    { id: "row-counts-equal", passed: true },
  ];
  mustSay(await stage.results(PLANNER, "rehearse", { runbook: "orders-2027-01" }, tests), "allow");
  teller.good("Rehearsed on a copy, rollback included; both branches are ready.");
}

async function tellApprovals(stage: Stage, teller: Teller): Promise<void> {
  const elsewhere = await stage.propose(MIGRATOR, "approve-schema", "While at it.", {
    type: MIGRATE.type,
    args: { ...MIGRATE.args, database: "billing-prod" },
  });
  mustSay(elsewhere, "block", ["PROPOSAL_CONTRADICTS_SPEC"]);
  teller.refused("The migrator would like to start with the billing database.", said(elsewhere));

  const schema = await stage.propose(MIGRATOR, "approve-schema", "As rehearsed.", MIGRATE);
  mustSay(schema, "pause", ["APPROVAL_MISSING"]);
  teller.line("The schema change, risk 4, needs two people:");
  await tellApproval(stage, teller, { node: "approve-schema", people: PEOPLE, quorum: 2 });
  await stage.untilNode("approve-schema", "DONE");

  const archive = await stage.propose(ARCHIVER, "archive-orders", "As rehearsed.", ARCHIVE);
  mustSay(archive, "pause", ["APPROVAL_MISSING"]);
  teller.line("The archive run, risk 3, needs one; both are asked, and the first will do:");
  await tellApproval(stage, teller, { node: "archive-orders", people: PEOPLE, quorum: 1 });
}

async function tellChanges(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(MIGRATOR, "apply-schema", "As approved by two.", MIGRATE), "allow");
  await Promise.all([
    stage.untilNode("apply-schema", "DONE"),
    stage.untilNode("archive-orders", "DONE"),
  ]);
  const { requests } = await stage.world.vendorLedger();
  mustEqual(requests.length, 2, "the database was reached twice");
  for (const action of [MIGRATE, ARCHIVE]) {
    mustBeAsked(
      requests.find(({ path }) => path === `/${action.type}`),
      action,
    );
    teller.fact("executed", describeAction(action));
  }
  const fences = (await stage.trace())
    .filter((event) => event.type === "ticket.issued")
    .map((event) => (isRecord(event.data["claims"]) ? event.data["claims"]["fence"] : null));
  for (const fence of fences) must(isRecord(fence), "each ticket carries its fence", fences);
  const slices = fences.flatMap((fence) => Object.entries(fence as Record<string, number>));
  mustEqual(
    slices.map(([slice]) => slice).sort(),
    ["orders-db#archive", "orders-db#schema"],
    "each ticket writes a slice of its own",
  );
  for (const [slice, number] of slices) teller.fact("slice", `${slice}, fencing number ${number}`);
  teller.good("Two tickets for two slices; neither waited for the other.");
}

async function tellVerification(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(PLANNER, "verify", "Against the live database."), "allow");
  await stage.evidence(
    PLANNER,
    "verify",
    bundle(
      "verification-report",
      claim(
        "sum",
        ["orders and archive", "add up to", 9_120_448],
        1,
        primary("sha256:8801", "Counts of 9 January"),
      ),
    ),
  );
  const tests = [
    { id: "schema-matches", passed: true },
    { id: "nothing-lost", passed: true },
  ];
  mustSay(await stage.results(PLANNER, "verify", { summary: "as planned" }, tests), "allow");
  const mission = await stage.untilMission("completed");
  teller.good(`Nothing is lost. ${mission.progress.done} of ${mission.progress.total} nodes DONE.`);
}
