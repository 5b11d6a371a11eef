/**
 * A world of missions that contend for slices: chance orders every call, loses some, kills processes and lets the
 * clock jump; then faults cease and the world calms down. The laws of leases are looked at after each step.
 * Source: docs/leases.md; invariants I7, I10, I11.
 */
import {
  type Command,
  dataOf,
  nextDueMs,
  outstandingTickets,
  waitedSlices,
} from "../../shared/mission/index.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import { ALARM_RETRY_MS } from "../../durable-objects/mission/commit.ts";
import { decisionNode, executionNode, plan, START_MS } from "./builders.ts";
import { intervene, openMission, propose, submitResult, vendorSwitch } from "./commands.ts";
import { createGateway } from "./lease-gateway.ts";
import { createLaws } from "./lease-laws.ts";
import { createNet, killProcess, type Loss, type Net } from "./lease-net.ts";
import {
  arm,
  type ArbiterPlace,
  bootArbiter,
  bootMission,
  execute,
  leaseFreed,
  type MissionPlace,
  freshCommand,
  ownCommand,
  type Sabotage,
  type Surroundings,
} from "./lease-places.ts";

const ARGS = { amount: 5 };

function writers(...nodes: readonly (readonly ["decide" | "act", ...string[]])[]): CompiledPlan {
  const inputs = nodes.map(([kind, ...writeSet], at) =>
    kind === "act"
      ? executionNode(`n${at}`, { writeSet, risk: 1 })
      : decisionNode(`n${at}`, { writeSet }),
  );
  const all = nodes.flatMap(([, ...slices]) => slices);
  const leased = [...new Set(all.filter((slice, at) => all.indexOf(slice) !== at))];
  return plan(inputs, { edges: [], leased });
}

const PLANS = [
  writers(["decide", "a#1"], ["act", "a#1"]),
  writers(["act", "a#1", "b#1"]),
  writers(["decide", "b#1", "c#1"], ["act", "a#2"]),
  writers(["decide", "a#1", "b#1", "c#1"]),
  writers(["act", "a#1"], ["decide", "b#1"]),
];
/** The last two are of another team, and write slices of the same names. */
const MISSIONS = [0, 1, 2, 3, 4, 1, 3].map((planAt, at) => ({
  planAt,
  team: at < 5 ? "acme" : "rivals",
  id: `msn_019a9f4e-0000-7000-8000-00000000000${at}`,
  skewMs: [0, -5_000, 5_000, -5_000][at % 4] ?? 0,
}));

/** Under and over each of the times that count: an answer's, a grant's with and without leeway, a look's, a lease's. */
const JUMPS_MS = [100, 4_000, 4_000, 4_900, 5_100, 11_000, 16_000, 31_000, 301_000];

/** More calls than this without the clock moving are a circle. */
const CALLS_MAX = 2_000;

export interface LeaseWorld {
  readonly net: Net;
  readonly counts: Map<string, number>;
  /** What broke a law, in words; empty while all hold. */
  readonly broken: string[];
  /** One thing happens; which, the number says. */
  step(gene: number): Promise<void>;
  /** The agents of the n-th mission do what they can. */
  work(at: number): Promise<void>;
  /** No more faults: answers how many looks of 30 s it took until nobody waits; null: somebody waits for ever. */
  calm(looksMax: number): Promise<number | null>;
  close(): void;
}

export function createLeaseWorld(sabotage?: Sabotage): LeaseWorld {
  const net = createNet(START_MS);
  const counts = new Map<string, number>();
  const broken: string[] = [];
  const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const arbiters = new Map<string, ArbiterPlace>();
  const laws = createLaws(broken, count);
  const tickets: TicketMessage[] = [];
  const around: Surroundings = {
    net,
    count,
    missionOf(team, missionId) {
      const found = missions.find((place) => place.id === missionId);
      if (found?.team !== team) broken.push(`an arbiter of ${team} asks ${missionId}`);
      if (!found) throw new Error("no such mission");
      return found;
    },
    arbiterOf(team, artifact) {
      const name = `${team}/${artifact}`;
      const known = arbiters.get(name);
      if (known) return known;
      const place = {
        team,
        rows: new Map(),
        waiters: [],
        lastPlace: 0,
        alarmMs: null,
      } as unknown as ArbiterPlace;
      arbiters.set(name, place);
      bootArbiter(place, around, sabotage);
      return place;
    },
    committed(place, events) {
      laws.committed(place, events);
      tickets.push(...ticketsIn(place, events));
    },
  };
  const missions = MISSIONS.map((one) => openPlace(one, around));
  const gateway = createGateway(around, (place, fence) => laws.acted(place, fence));
  const people = createPeople(net, count);
  const look = () => laws.look(missions);
  const at = <T>(all: readonly T[], pick: number): T | undefined => all[pick % all.length];

  const fireDue = (pick: number) => {
    const due = [...missions, ...arbiters.values()].filter((place) => isDue(place, net.nowMs));
    const place = at(due, pick);
    if (place) fire(place, around);
  };
  const crash = (pick: number) => {
    const place = at([...missions, ...arbiters.values()], pick);
    if (!place) return;
    count("crash");
    killProcess(place.process);
    // The platform fires an alarm again whose handler did not end.
    if (place.isFiring) place.alarmMs = net.nowMs;
    place.isFiring = false;
    if ("rpc" in place) bootArbiter(place, around, sabotage);
    else bootMission(place, around);
  };
  const deliver = (place: number) => {
    const message = tickets[place];
    if (message) gateway.deliver(`ticket ${place}`, message);
  };

  return {
    net,
    counts,
    broken,
    async step(gene) {
      const [kind, pick] = [gene % 100, Math.floor(gene / 100)];
      if (kind < 64) await net.take(pick % Math.max(net.steps.length, 1), lossOf(pick));
      else if (kind < 78) people.act(at(missions, pick));
      else if (kind < 83) await net.advance(at(JUMPS_MS, pick) ?? 0);
      else if (kind < 88) fireDue(pick);
      else if (kind < 92) crash(pick);
      else if (kind < 99) deliver(pick % Math.max(tickets.length, 1));
      else people.stop(at(missions, pick));
      await net.settle();
      look();
    },
    async work(place) {
      people.act(missions[place]);
      await net.settle();
      look();
    },
    async calm(looksMax) {
      for (let looks = 0; looks <= looksMax; looks += 1) {
        for (let round = 0; round < 12; round += 1) {
          for (let calls = 0; net.steps.length > 0; calls += 1) {
            if (calls > CALLS_MAX) {
              broken.push(`calls without end: ${net.steps.map(({ name }) => name).join(", ")}`);
              return null;
            }
            await net.take(0, "none");
            look();
          }
          if (!missions.some(isWaiting)) return looks;
          for (const place of missions) people.calmDown(place);
          tickets.forEach((message, place) => {
            if (isOutstanding(around.missionOf(message.team, message.missionId), message))
              deliver(place);
          });
          for (const place of [...missions, ...arbiters.values()])
            if (isDue(place, net.nowMs)) fire(place, around);
          await net.advance(2_500);
          look();
        }
      }
      for (const { id, state } of missions.filter(isWaiting))
        broken.push(`${id} waits for ever for ${state ? waitedSlices(state).join(", ") : ""}`);
      return null;
    },
    close: () => missions.forEach(({ process }) => killProcess(process)),
  };
}

function isDue({ alarmMs, isFiring }: MissionPlace | ArbiterPlace, nowMs: number): boolean {
  return alarmMs !== null && alarmMs <= nowMs && !isFiring;
}

function isWaiting({ state }: MissionPlace): boolean {
  return state?.status === "active" && waitedSlices(state).length > 0;
}

/** Whether the mission still waits for what became of the ticket. */
function isOutstanding({ state, journal }: MissionPlace, { ticket }: TicketMessage): boolean {
  const seqs = state ? outstandingTickets(state).map(({ seq }) => seq) : [];
  return seqs.some((seq) => journal[seq]?.data["ticket"] === ticket);
}

/** One call in sixteen is lost on its way, one in sixteen on its way back. */
function lossOf(pick: number): Loss {
  const fate = Math.floor(pick / 7) % 16;
  return fate === 3 ? "request" : fate === 7 ? "answer" : "none";
}

function openPlace(one: (typeof MISSIONS)[number], around: Surroundings): MissionPlace {
  const compiled = PLANS[one.planAt];
  const place = { ...one, plan: compiled, journal: [], alarmMs: null } as unknown as MissionPlace;
  bootMission(place, around);
  const { id: missionId, team } = one;
  void execute(place, openMission(place.plan, { missionId, team, at: around.net.nowMs }));
  return place;
}

/** As the objects' own alarms do. */
function fire(place: MissionPlace | ArbiterPlace, around: Surroundings): void {
  around.count("alarm");
  const { process } = place;
  place.alarmMs = null;
  place.isFiring = true;
  const fired = "rpc" in place ? place.rpc.look() : lookAround(place, around);
  void fired
    .catch(() => around.count("alarm died"))
    .then(() => {
      if (process.isAlive) place.isFiring = false;
    });
}

async function lookAround(place: MissionPlace, around: Surroundings): Promise<void> {
  const waited = place.state ? waitedSlices(place.state) : [];
  const command: Command =
    waited.length > 0
      ? leaseFreed(around.net, waited)
      : { ...ownCommand(around.net), type: "PassTime" };
  try {
    await execute(place, command);
    arm(place, place.state && nextDueMs(place.state));
  } catch {
    arm(place, around.net.nowMs + ALARM_RETRY_MS);
  }
}

/** Agents who propose and finish, and an operator who stops what cannot go on. */
function createPeople(net: Net, count: (what: string) => void) {
  const seconds = () => (net.nowMs - START_MS) / 1_000;
  const tell = (place: MissionPlace, command: Command) =>
    void execute(place, { ...command, ...freshCommand(net) }).catch(() => count("request died"));
  const move = (place: MissionPlace, isProposing: boolean) => {
    const { state } = place;
    if (state?.status !== "active") return;
    for (const { id, kind } of place.plan.plan.nodes) {
      const node = state.nodes.get(id);
      if (node?.status === "RUNNING" && kind === "decision")
        tell(place, submitResult(seconds(), id));
      const isOpen = node?.status === "READY" || (isProposing && node?.status === "BLOCKED");
      const action = kind === "execution" ? vendorSwitch(ARGS) : null;
      if (isOpen) tell(place, propose(seconds(), id, { action }));
    }
  };
  const stop = (place: MissionPlace | undefined) => {
    if (place?.state?.status === "active") tell(place, intervene(seconds(), "stop"));
  };
  return {
    act: (place: MissionPlace | undefined) => place && move(place, true),
    stop,
    calmDown(place: MissionPlace) {
      move(place, false);
      const nodes = [...(place.state?.plan.order ?? [])].map((id) => place.state?.nodes.get(id));
      if (nodes.some((node) => node?.receipt?.outcome === "unknown")) stop(place);
    },
  };
}

function ticketsIn(place: MissionPlace, events: readonly TraceEvent[]): readonly TicketMessage[] {
  return events
    .filter(({ type }) => type === "ticket.issued")
    .map((event) => {
      const { claims, ticket } = dataOf(event, "ticket.issued");
      const action = { type: claims.action_type, args: ARGS };
      const { team, id: missionId } = place;
      return { kind: "ticket", team, missionId, ticket: ticket ?? "", action };
    });
}
