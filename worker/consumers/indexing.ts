/**
 * The index queue's consumer: journal events to D1, many missions in one write.
 *
 * A mission's rows move forward without gaps: duplicates are dropped, what is missing or does not fit is
 * read from the mission itself. A message that cannot be read, or a mission that refuses, is retried
 * alone and holds up nobody. Order: 1 rows written (a crash leaves a message delivered again, found to
 * be covered), 2 the mission's cursor moved (the same), 3 the message acknowledged.
 */
import { indexMessageSchema, type IndexMessage } from "../../shared/wire/message.ts";
import { errorFacts, log, type LogFacts } from "../log.ts";
import {
  catchUpMission,
  prepareChanges,
  type CatchUpDeps,
  type Prepared,
} from "../read-model/catch-up.ts";
import { type MissionKey, NO_CHANGES, type RowChanges } from "../read-model/queries.ts";
import type { MissionRow } from "../read-model/schema.ts";
import { INDEX_BACKOFF, retryDelaySeconds } from "./retry.ts";

/** A queue message as far as a consumer needs it. */
export type QueueMessage = Pick<Message<unknown>, "id" | "body" | "attempts" | "ack" | "retry">;

export interface IndexDeps extends CatchUpDeps {
  /** Absent missions are absent from the answer. */
  readonly readRows: (keys: readonly MissionKey[]) => Promise<readonly MissionRow[]>;
  /** Moves the mission's cursor; may be called twice. */
  readonly acknowledge: (key: MissionKey, seq: number) => Promise<void>;
  readonly random: () => number;
}

/** The messages of one mission within a batch. */
interface Group {
  readonly key: MissionKey;
  readonly parsed: IndexMessage[];
  readonly messages: QueueMessage[];
}

/** `prepared` is null when the rows are already written. */
interface Advanced {
  readonly group: Group;
  readonly row: MissionRow;
  readonly prepared: Prepared | null;
}

/** Consumes one batch. Settles every message; never throws. */
export async function consumeIndex(
  messages: readonly QueueMessage[],
  deps: IndexDeps,
): Promise<void> {
  const groups = groupByMission(messages, deps);
  if (groups.length === 0) return;
  const rows = await readRows(groups, deps);
  if (rows === null) return;
  const settled = await Promise.all(
    groups.map((group) => advance(group, rows.get(groupId(group.key)) ?? null, deps)),
  );
  const advanced = settled.filter((item) => item !== null);
  const written = await writeAll(advanced, deps);
  await Promise.all(written.map((item) => acknowledge(item, deps)));
}

function groupByMission(messages: readonly QueueMessage[], deps: IndexDeps): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const message of messages) {
    const parsed = indexMessageSchema.safeParse(message.body);
    if (!parsed.success) {
      retry([message], { reason: "message_malformed" }, deps);
      continue;
    }
    const { team, missionId } = parsed.data;
    const key = { team, missionId };
    const group = groups.get(groupId(key)) ?? { key, parsed: [], messages: [] };
    group.parsed.push(parsed.data);
    group.messages.push(message);
    groups.set(groupId(key), group);
  }
  return [...groups.values()];
}

async function readRows(
  groups: readonly Group[],
  deps: IndexDeps,
): Promise<ReadonlyMap<string, MissionRow> | null> {
  try {
    const rows = await deps.readRows(groups.map((group) => group.key));
    return new Map(rows.map((row) => [groupId({ team: row.team, missionId: row.id }), row]));
  } catch (thrown) {
    for (const group of groups) retryGroup(group, "read_failed", thrown, deps);
    return null;
  }
}

/** Prepares a mission's rows, or reads and writes what the messages do not hold. null: to be retried. */
async function advance(
  group: Group,
  base: MissionRow | null,
  deps: IndexDeps,
): Promise<Advanced | null> {
  const toSeq = Math.max(...group.parsed.map((message) => message.toSeq));
  if (base !== null && base.headSeq >= toSeq) return { group, row: base, prepared: null };
  try {
    const events = eventsAfter(base?.headSeq ?? -1, group.parsed);
    if (events !== null) {
      const prepared = await prepareChanges(deps, group.key, base, events);
      if (prepared.ok) return { group, row: prepared.value.row, prepared: prepared.value };
    }
    const caughtUp = await catchUpMission(deps, group.key, base, toSeq);
    if (caughtUp.ok && caughtUp.value !== null) {
      return { group, row: caughtUp.value, prepared: null };
    }
    retry(group.messages, caughtUp.ok ? { reason: "trace_short" } : caughtUp.error, deps);
  } catch (thrown) {
    retryGroup(group, "advance_failed", thrown, deps);
  }
  return null;
}

/** The messages' events above `afterSeq` in order, each once; null when they are not all at hand. */
function eventsAfter(afterSeq: number, parsed: readonly IndexMessage[]): readonly unknown[] | null {
  const events: unknown[] = [];
  let next = afterSeq + 1;
  for (const message of parsed.toSorted((a, b) => a.afterSeq - b.afterSeq)) {
    if (message.toSeq < next) continue;
    const { events: held } = message;
    const isWhole = held?.length === message.toSeq - message.afterSeq;
    if (held === null || !isWhole || message.afterSeq + 1 > next) return null;
    events.push(...held.slice(next - message.afterSeq - 1));
    next = message.toSeq + 1;
  }
  return events;
}

/** One write for all; when that fails, one for each, so that a row D1 refuses stays its own trouble. */
async function writeAll(
  advanced: readonly Advanced[],
  deps: IndexDeps,
): Promise<readonly Advanced[]> {
  const open = advanced.filter((item) => item.prepared !== null);
  const done = advanced.filter((item) => item.prepared === null);
  if (open.length === 0) return done;
  try {
    await deps.write(mergeChanges(open.map((item) => item.prepared?.changes ?? NO_CHANGES)));
    return advanced;
  } catch (thrown) {
    log("warn", "index.write_failed", { missions: open.length, ...errorFacts(thrown) });
  }
  const alone = await Promise.all(
    open.map(async (item) => {
      try {
        await deps.write(item.prepared?.changes ?? NO_CHANGES);
        return item;
      } catch (thrown) {
        retryGroup(item.group, "write_failed", thrown, deps);
        return null;
      }
    }),
  );
  return [...done, ...alone.filter((item) => item !== null)];
}

function mergeChanges(all: readonly RowChanges[]): RowChanges {
  return {
    missions: all.flatMap((changes) => changes.missions),
    events: all.flatMap((changes) => changes.events),
    approvals: all.flatMap((changes) => changes.approvals),
    patches: all.flatMap((changes) => changes.patches),
    incidents: all.flatMap((changes) => changes.incidents),
    withdrawn: all.flatMap((changes) => changes.withdrawn),
    asked: all.flatMap((changes) => changes.asked),
    decisions: all.flatMap((changes) => changes.decisions),
  };
}

async function acknowledge(item: Advanced, deps: IndexDeps): Promise<void> {
  try {
    await deps.acknowledge(item.group.key, item.row.headSeq);
  } catch (thrown) {
    retryGroup(item.group, "acknowledge_failed", thrown, deps);
    return;
  }
  for (const message of item.group.messages) message.ack();
}

function retryGroup(group: Group, reason: string, thrown: unknown, deps: IndexDeps): void {
  retry(group.messages, { reason, ...errorFacts(thrown) }, deps);
}

function retry(messages: readonly QueueMessage[], facts: LogFacts, deps: IndexDeps): void {
  for (const message of messages) {
    const { id, attempts } = message;
    log("warn", "index.retried", { id, attempts, ...facts });
    message.retry({ delaySeconds: retryDelaySeconds(INDEX_BACKOFF, attempts, deps.random()) });
  }
}

function groupId({ team, missionId }: MissionKey): string {
  return `${team}/${missionId}`;
}
