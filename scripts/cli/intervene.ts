/**
 * `sekisho mission pause|resume|reset|ban|stop`: an operator's hand on a running mission. Each is one
 * request and says why; what it means stands in docs/interventions.md.
 */
import { clientOf, isRecord, requireSuccess } from "./api-client.ts";
import { type Command, answer, readArgs, usageError } from "./command.ts";
import { cell, facts } from "./print.ts";

/** What an intervention names besides the mission: its option, and the member of the request. */
const NODE = { option: "node", member: "nodeId", isNeeded: false } as const;
const AGENT = { option: "agent", member: "agent", isNeeded: true } as const;

export const missionPause = intervention("pause", "stop everything until the mission is resumed");
export const missionResume = intervention("resume", "let a paused mission go on");
export const missionReset = intervention("reset", "start a node over, or all that can be", NODE);
export const missionBan = intervention("ban", "ban an agent from the mission, for good", AGENT);
export const missionStop = intervention("stop", "end a mission for good");

function intervention(
  kind: string,
  summary: string,
  named: typeof NODE | typeof AGENT | null = null,
): Command {
  const option = named === null ? "" : `--${named.option} ${named.option.toUpperCase()}`;
  const shown = named?.isNeeded === false ? `[${option}]` : option;
  const usage = ["mission", kind, "ID", shown, "--reason TEXT"].filter(Boolean).join(" ");
  return {
    usage,
    summary,
    async run(context) {
      const options = Object.fromEntries(
        [...(named === null ? [] : [named.option]), "reason"].map((name) => [
          name,
          { type: "string" as const },
        ]),
      );
      const args = readArgs(context, usage, ["ID"], options);
      if (!args.ok) return args;
      const { reason, ...rest } = args.value.values;
      const name = named === null ? undefined : rest[named.option];
      if (named?.isNeeded && name === undefined)
        return usageError(usage, `--${named.option} is missing`);
      if (reason === undefined) return usageError(usage, "--reason is missing");
      const about = named === null || name === undefined ? {} : { [named.member]: name };
      const id = encodeURIComponent(args.value.positionals[0] ?? "");
      const client = clientOf(context);
      const asked = { kind, reason, ...about };
      const path = `/v1/missions/${id}/interventions`;
      const done = requireSuccess(client, await client.post(path, asked));
      if (!done.ok) return done;
      const body = isRecord(done.value.body) ? done.value.body : {};
      const over = Array.isArray(body["reset"]) ? body["reset"] : [];
      const lines: [string, string][] = [["state", cell(body["state"])]];
      if (over.length > 0) lines.push(["starting over", cell(over)]);
      return answer(body, facts(lines));
    },
  };
}
