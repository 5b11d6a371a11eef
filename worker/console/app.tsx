/** The frame around every page: who is signed in, where one can go, what has just changed. */
import type { JSX } from "preact";
import { useAnnounced } from "./announce.ts";
import { lazy } from "./lazy.tsx";
import { Page } from "./parts/page.tsx";
import { IncidentPage } from "./pages/incident.tsx";
import { IncidentsPage } from "./pages/incidents.tsx";
import { MissionPage } from "./pages/mission.tsx";
import { MissionsPage } from "./pages/missions.tsx";
import { PoliciesPage } from "./pages/policies.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { addressOf, usePlace, type Place } from "./router.ts";
import { signOut, useSession, type Session } from "./session.ts";

const InboxPage = lazy(async () => (await import("./pages/inbox.tsx")).InboxPage);
const RequestPage = lazy(async () => (await import("./pages/request.tsx")).RequestPage);
const TracePage = lazy(async () => (await import("./pages/trace.tsx")).TracePage);
const SettingsPage = lazy(async () => (await import("./pages/settings.tsx")).SettingsPage);
const PolicyPage = lazy(async () => (await import("./pages/policy.tsx")).PolicyPage);

const SECTIONS = [
  { id: "missions", name: "Missions" },
  { id: "inbox", name: "Inbox" },
  { id: "incidents", name: "Incidents" },
  { id: "policies", name: "Policies" },
  { id: "settings", name: "Settings" },
] as const;

/** The whole console. */
export function App(): JSX.Element {
  const place = usePlace();
  const session = useSession();
  const announced = useAnnounced();
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Header place={place} session={session} />
      <main id="main" tabIndex={-1}>
        {session === null ? <SignInPage place={place} /> : <Content place={place} />}
      </main>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announced}
      </div>
    </>
  );
}

/** By hand: an address with a fragment would be a page of its own to the router. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#main")?.focus();
}

function Header({ place, session }: { place: Place; session: Session | null }): JSX.Element {
  const [section = "missions"] = place.segments;
  return (
    <header>
      <a class="brand" href={addressOf([])}>
        <GateMark />
        Sekisho
      </a>
      {session === null ? null : (
        <>
          <nav aria-label="Console">
            <ul>
              {SECTIONS.map(({ id, name }) => (
                <li key={id}>
                  <a href={addressOf([id])} aria-current={section === id ? "page" : undefined}>
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div class="who">
            <span>
              <strong>{session.sub}</strong> in {session.team}
              <span class="roles"> {session.roles.join(", ")}</span>
            </span>
            <button type="button" class="plain" onClick={() => signOut()}>
              Sign out
            </button>
          </div>
        </>
      )}
    </header>
  );
}

/** A barrier gate: two posts, two beams. Drawn, because not every machine has the character 関. */
function GateMark(): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor">
      <path d="M0.5 3h15M2.5 7h11M4 3v12.5M12 3v12.5" stroke-width="2" />
    </svg>
  );
}

function Content({ place }: { place: Place }): JSX.Element {
  const [section = "missions", id, rest] = place.segments;
  if (section === "missions") {
    if (id === undefined) return <MissionsPage place={place} />;
    if (rest === "trace") return <TracePage key={id} missionId={id} place={place} />;
    if (rest === undefined) return <MissionPage key={id} id={id} place={place} />;
  }
  if (section === "inbox") {
    if (id === undefined) return <InboxPage place={place} />;
    if (rest !== undefined) return <RequestPage key={id + rest} missionId={id} nodeId={rest} />;
  }
  if (section === "incidents") {
    if (id === undefined) return <IncidentsPage place={place} />;
    return <IncidentPage key={id} id={id} />;
  }
  if (section === "policies") {
    if (id === undefined) return <PoliciesPage />;
    return <PolicyPage key={id} version={id} place={place} />;
  }
  if (section === "settings") return <SettingsPage place={place} />;
  return (
    <Page title="Nothing here">
      <p>
        There is no such page. <a href={addressOf(["missions"])}>All missions</a>
      </p>
    </Page>
  );
}
