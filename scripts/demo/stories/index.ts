/** The stories, by the name of their example. */
import type { Story } from "../story.ts";
import { vendorSwitch } from "./vendor-switch.ts";

export const STORIES: ReadonlyMap<string, Story> = new Map(
  [vendorSwitch].map((story) => [story.example, story]),
);
