/**
 * What an admin says about an approver: groups, public keys, validity, hours, and whether they may break glass. The
 * server checks every key point by point; this only reads fields.
 */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Approver } from "../answers.ts";
import type { Problem } from "../api.ts";
import { textIn, textsIn } from "../parts/fields.ts";
import { Hash, ProblemNote } from "../parts/page.tsx";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** The members that POST and PATCH share, and the keys as they were written. */
export interface WrittenApprover {
  readonly id: string;
  readonly facts: Pick<Approver, "name" | "groups" | "validFrom" | "validUntil"> & {
    readonly hours: NonNullable<Approver["hours"]> | null;
    readonly breakGlass: boolean;
  };
  readonly newKeys: readonly unknown[];
  readonly removedKeys: readonly string[];
}

/** `person` null: a new one. `onSave` answers null when it is stored. */
export function ApproverForm({
  person,
  onSave,
}: {
  person: Approver | null;
  onSave: (written: WrittenApprover) => Promise<Problem | null>;
}): JSX.Element {
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (form: HTMLFormElement) => {
    const written = readForm(new FormData(form));
    const said = typeof written === "string" ? unreadable(written) : await onSave(written);
    setProblem(said);
    if (said === null && person === null) form.reset();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save(event.currentTarget);
      }}
    >
      <div class="fields">
        {person === null ? (
          <Field label="Id, as the token's sub says it">
            <input name="id" type="text" required autoComplete="off" />
          </Field>
        ) : null}
        <Field label="Name">
          <input name="name" type="text" required maxLength={256} defaultValue={person?.name} />
        </Field>
        <Field label="Groups, separated by commas">
          <input name="groups" type="text" defaultValue={person?.groups.join(", ")} />
        </Field>
        <Field label="May sign from">
          <input
            name="validFrom"
            type="datetime-local"
            defaultValue={toLocal(person?.validFrom ?? null)}
          />
        </Field>
        <Field label="May sign until">
          <input
            name="validUntil"
            type="datetime-local"
            defaultValue={toLocal(person?.validUntil ?? null)}
          />
        </Field>
      </div>
      <HoursFields hours={person?.hours} />
      <Field label="Public keys to add, as JWKs, one a line">
        <textarea name="keys" rows={2} spellcheck={false} />
      </Field>
      {person === null ? null : <KeysToRemove person={person} />}
      <label class="option">
        <input type="checkbox" name="breakGlass" defaultChecked={person?.breakGlass === true} />
        <span>May break glass: approve alone in an emergency, which is always an incident</span>
      </label>
      <ProblemNote problem={problem} />
      <button type="submit">{person === null ? "Register the approver" : "Save"}</button>
    </form>
  );
}

function HoursFields({ hours }: { hours: Approver["hours"] | undefined }): JSX.Element {
  return (
    <fieldset>
      <legend>Hours of approval; without a time zone at any time</legend>
      <div class="fields">
        <Field label="Time zone, such as Europe/Berlin">
          <input name="timeZone" type="text" defaultValue={hours?.timeZone} />
        </Field>
        <Field label="From">
          <input name="from" type="time" defaultValue={hours?.from ?? "08:00"} />
        </Field>
        <Field label="To">
          <input name="to" type="time" defaultValue={hours?.to ?? "18:00"} />
        </Field>
      </div>
      <div class="choices">
        {DAYS.map((day, at) => (
          <label key={day} class="option">
            <input
              type="checkbox"
              name="day"
              value={String(at + 1)}
              defaultChecked={hours?.days.includes(at + 1) ?? at < 5}
            />
            <span>{day}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Field({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

function KeysToRemove({ person }: { person: Approver }): JSX.Element {
  return (
    <fieldset>
      <legend>Keys to remove; what was signed with them stops counting at open gates</legend>
      {person.keys.map(({ kid, passkey }) => (
        <label key={kid} class="option">
          <input type="checkbox" name="removeKey" value={kid} />
          <span>
            {passkey === undefined ? "key" : "passkey"} <Hash value={kid} chars={20} />
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Errors: a sentence about the field that cannot be read. */
function readForm(form: FormData): WrittenApprover | string {
  const text = (name: string) => textIn(form, name);
  const newKeys: unknown[] = [];
  for (const line of text("keys").split("\n")) {
    if (line.trim() === "") continue;
    try {
      newKeys.push(JSON.parse(line));
    } catch {
      return "A public key is no JSON. Write one JWK a line.";
    }
  }
  const days = textsIn(form, "day").map(Number);
  const timeZone = text("timeZone");
  return {
    id: text("id"),
    facts: {
      name: text("name"),
      groups: text("groups")
        .split(",")
        .map((group) => group.trim())
        .filter((group) => group !== ""),
      validFrom: toMoment(text("validFrom")),
      validUntil: toMoment(text("validUntil")),
      hours: timeZone === "" ? null : { timeZone, days, from: text("from"), to: text("to") },
      breakGlass: form.get("breakGlass") !== null,
    },
    newKeys,
    removedKeys: textsIn(form, "removeKey"),
  };
}

function unreadable(detail: string): Problem {
  return { status: 0, code: "form", title: "Nothing was sent", detail, errors: [] };
}

function toMoment(local: string): string | null {
  return local === "" ? null : new Date(local).toISOString();
}

/** What a field for local times takes. */
function toLocal(at: string | null): string {
  if (at === null) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
