/** The team's directory and endpoints, for admins: who may sign, who may act, who is told, who changed what. */
import type { JSX } from "preact";
import { Page } from "../parts/page.tsx";
import { addressOf, type Place } from "../router.ts";
import { AgentPage, Agents } from "./agents.tsx";
import { ApproverPage, Approvers } from "./approvers.tsx";
import { DirectoryChanges } from "./directory-changes.tsx";
import { Hooks } from "./hooks.tsx";
import { EndpointPage, Webhooks } from "./webhooks.tsx";

const SECTIONS = ["approvers", "agents", "webhooks", "hooks", "changes"] as const;

/** Settings, `section` one of them; `id` names a person, an agent or an endpoint. */
export function SettingsPage({ place }: { place: Place }): JSX.Element {
  const [, section = "approvers", id] = place.segments;
  return (
    <Page title={`Settings: ${section}`}>
      <nav class="sections" aria-label="Settings">
        {SECTIONS.map((each) => (
          <a
            key={each}
            href={addressOf(["settings", each])}
            aria-current={each === section ? "page" : undefined}
          >
            {each}
          </a>
        ))}
      </nav>
      <Section section={section} id={id} place={place} />
    </Page>
  );
}

function Section({
  section,
  id,
  place,
}: {
  section: string;
  id: string | undefined;
  place: Place;
}): JSX.Element {
  switch (section) {
    case "approvers":
      return id === undefined ? <Approvers /> : <ApproverPage key={id} id={id} />;
    case "agents":
      return id === undefined ? <Agents /> : <AgentPage key={id} id={id} />;
    case "webhooks":
      return id === undefined ? <Webhooks /> : <EndpointPage key={id} id={id} />;
    case "hooks":
      return <Hooks />;
    case "changes":
      return <DirectoryChanges place={place} />;
    default:
      return <p class="empty">There is no such section.</p>;
  }
}
