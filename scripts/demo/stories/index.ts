/** The stories, by the name of their example; the first is told unless another is asked for. */
import type { Story } from "../story.ts";
import { customerRefund } from "./customer-refund.ts";
import { databaseMigration } from "./database-migration.ts";
import { parallelChecks } from "./parallel-checks.ts";
import { vendorSwitch } from "./vendor-switch.ts";

export const STORIES: ReadonlyMap<string, Story> = new Map(
  [vendorSwitch, databaseMigration, customerRefund, parallelChecks].map((story) => [
    story.example,
    story,
  ]),
);
