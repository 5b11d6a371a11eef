/**
 * `sekisho index rebuild`: the team's lists and incidents, written anew from the missions' journals, one
 * bounded step per request. Changes nothing that a decision depends on; may be stopped and run again.
 */
import { clientOf, isRecord, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs } from "./command.ts";
import { facts } from "./print.ts";

const USAGE = "index rebuild";

export const indexRebuild: Command = {
  usage: USAGE,
  summary: "rebuild the lists and the incident index from the missions",
  async run(context) {
    const args = readArgs(context, USAGE, [], {});
    if (!args.ok) return args;
    const client = clientOf(context);
    const total: Record<string, number> = {};
    let steps = 0;
    for (let cursor: string | null = null; steps === 0 || cursor !== null; steps += 1) {
      const body = cursor === null ? {} : { cursor };
      const done = requireSuccess(client, await client.post("/v1/index/rebuild", body));
      if (!done.ok) return done;
      const step = isRecord(done.value.body) ? done.value.body : {};
      cursor = typeof step["nextCursor"] === "string" ? step["nextCursor"] : null;
      for (const [name, value] of Object.entries(step)) {
        if (typeof value === "number") total[name] = (total[name] ?? 0) + value;
      }
    }
    const counted = Object.entries(total).map(([name, n]): [string, string] => [name, String(n)]);
    return answer({ ...total, steps }, facts([...counted, ["steps", String(steps)]]));
  },
};
