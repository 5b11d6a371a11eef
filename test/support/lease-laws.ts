/** What must hold of slices whatever happens; each breach becomes a line of words. Invariants I7, I10. */
import { dataOf, holdsSlice } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { MissionPlace } from "./lease-places.ts";

/** Per team and slice: what must hold whatever happens. */
export function createLaws(broken: string[], count: (what: string) => void) {
  const given = new Map<string, number>();
  const acted = new Map<string, number>();
  return {
    committed({ team, id }: MissionPlace, events: readonly TraceEvent[]) {
      for (const event of events) {
        if (event.type !== "gate.evaluated") continue;
        const { lease, leaseFact } = dataOf(event, "gate.evaluated");
        if (leaseFact) count(`told ${leaseFact.state}`);
        for (const [slice, fence] of Object.entries(lease?.fence ?? {})) {
          const name = `${team}/${slice}`;
          count("granted");
          if (fence <= (given.get(name) ?? 0))
            broken.push(`${id} runs under ${fence} of ${name}, after ${given.get(name)}`);
          given.set(name, fence);
        }
      }
    },
    acted(place: MissionPlace, fence: Readonly<Record<string, number>>) {
      count("acted");
      for (const [slice, number] of Object.entries(fence)) {
        const name = `${place.team}/${slice}`;
        if (number < (acted.get(name) ?? 0))
          broken.push(`${place.id} acts under ${number} of ${name}, after ${acted.get(name)}`);
        acted.set(name, Math.max(number, acted.get(name) ?? 0));
        if (!place.state || !holdsSlice(place.state, slice))
          broken.push(`${place.id} acts on ${name} and does not hold it`);
      }
    },
    look(missions: readonly MissionPlace[]) {
      const holders = new Map<string, string>();
      for (const { state, team, id } of missions) {
        for (const slice of state?.slices.keys() ?? []) {
          if (!state || !holdsSlice(state, slice)) continue;
          const name = `${team}/${slice}`;
          if (holders.has(name)) broken.push(`${id} and ${holders.get(name)} both hold ${name}`);
          holders.set(name, id);
        }
      }
    },
  };
}
