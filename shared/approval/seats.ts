/**
 * Seats: how many people an approval needs and which group each must come from. One person fills at most
 * one seat, so that "one of security and two of finance" takes three people even where one is in both; who
 * sits where is a matching, not a count. Specification: docs/approvals.md, "Seats".
 */

/** So many people of one group. */
export interface GroupQuorum {
  readonly group: string;
  readonly quorum: number;
}

/** What is asked of people; plans and policies write it, docs/plan.md. */
export interface SeatRequirement {
  /** How many people in all, at least. */
  readonly quorum: number;
  /** Where the people beyond `all` must come from; absent: anywhere. */
  readonly group?: string | undefined;
  /** Seats of groups, all of which must be filled. */
  readonly all?: readonly GroupQuorum[];
  /** Groups that were asked later and fill any seat; there only after an escalation. */
  readonly also?: readonly string[];
}

/** Somebody who may sit: an id that stands for one person, and the groups they are in. */
export interface Seatable {
  readonly id: string;
  readonly groups: readonly string[];
}

/** One seat, who must come from where (null: anywhere) and who sits there (null: nobody yet). */
export interface Seat {
  readonly group: string | null;
  readonly person: string | null;
}

/**
 * The seats of a requirement, those of `all` first, then as many of `group` as the quorum has beyond them.
 * Shape: never fewer than `quorum`; null stands for a seat that anybody may fill.
 */
export function seatsOf({ quorum, group, all = [] }: SeatRequirement): readonly (string | null)[] {
  const named = all.flatMap((one) => Array.from({ length: one.quorum }, () => one.group));
  const rest = Math.max(0, quorum - named.length);
  return [...named, ...Array.from({ length: rest }, () => group ?? null)];
}

/** Whether this person could fill any seat at all. O(seats). */
export function fitsAnySeat(requirement: SeatRequirement, groups: readonly string[]): boolean {
  return seatsOf(requirement).some((seat) => fits(requirement, seat, groups));
}

function fits({ also = [] }: SeatRequirement, seat: string | null, groups: readonly string[]) {
  return seat === null || groups.includes(seat) || also.some((group) => groups.includes(group));
}

/** Every group that some seat may be filled from, each once; without null, which is anybody. */
export function groupsAsked(requirement: SeatRequirement): readonly string[] {
  const seats = seatsOf(requirement).filter((group) => group !== null);
  return [...new Set([...seats, ...(requirement.also ?? [])])];
}

/**
 * Seats as many people as can be seated, each at most once: a maximum bipartite matching by augmenting
 * paths. O(people x seats x people). Who comes first keeps a seat, though perhaps another one.
 */
export function seatPeople(
  requirement: SeatRequirement,
  people: readonly Seatable[],
): readonly Seat[] {
  const seats = seatsOf(requirement);
  const taken: (Seatable | null)[] = seats.map(() => null);
  const seat = (person: Seatable, visited: Set<number>): boolean => {
    for (const [at, group] of seats.entries()) {
      if (visited.has(at) || !fits(requirement, group, person.groups)) continue;
      visited.add(at);
      const sitting = taken[at] ?? null;
      if (sitting !== null && !seat(sitting, visited)) continue;
      taken[at] = person;
      return true;
    }
    return false;
  };
  const seen = new Set<string>();
  for (const person of people) {
    if (!seen.has(person.id)) seat(person, new Set());
    seen.add(person.id);
  }
  return seats.map((group, at) => ({ group, person: taken[at]?.id ?? null }));
}

/**
 * How many seats nobody fills; 0 when the requirement is met. Without `all` people are only counted: nobody
 * outside of the one group was let in, unless an escalation has changed who that is.
 */
export function missingSeats(requirement: SeatRequirement, people: readonly Seatable[]): number {
  if (isCounted(requirement))
    return Math.max(0, requirement.quorum - new Set(people.map(({ id }) => id)).size);
  return seatPeople(requirement, people).filter(({ person }) => person === null).length;
}

/** Whether people are only counted, and come on top of what is needed, too. */
export function isCounted({ all, also }: SeatRequirement): boolean {
  return all === undefined && also === undefined;
}

/** Both requirements in one: for each group and in all, the larger number. */
export function joinGroups(
  a: readonly GroupQuorum[],
  b: readonly GroupQuorum[],
): readonly GroupQuorum[] {
  const quorumByGroup = new Map<string, number>();
  for (const { group, quorum } of [...a, ...b])
    quorumByGroup.set(group, Math.max(quorumByGroup.get(group) ?? 0, quorum));
  return [...quorumByGroup].map(([group, quorum]) => ({ group, quorum }));
}
