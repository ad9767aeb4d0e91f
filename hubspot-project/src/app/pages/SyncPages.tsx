/** The app's pages: health, conflicts of all records, what is held back, parked work, activity, undo, rules, schema. */
import { Flex, hubspot, Text } from '@hubspot/ui-extensions';
import { createPageRouter, PageLink, PageRoutes, PageTitle } from '@hubspot/ui-extensions/pages';
import type { ReactNode } from 'react';
import { Activity } from './Activity.tsx';
import { Conflicts } from './Conflicts.tsx';
import { Health } from './Health.tsx';
import { Held } from './Held.tsx';
import { ParkedWork } from './ParkedWork.tsx';
import { Rules } from './Rules.tsx';
import { Schema } from './Schema.tsx';
import { Undo } from './Undo.tsx';

const PAGES = [
  { to: '/', label: 'Health' },
  { to: '/conflicts', label: 'Conflicts' },
  { to: '/held', label: 'Held back' },
  { to: '/parked', label: 'Parked' },
  { to: '/activity', label: 'Activity' },
  { to: '/undo', label: 'Undo' },
  { to: '/rules', label: 'Rules' },
  { to: '/schema', label: 'Schema' },
];

function Layout({ children }: { children?: ReactNode }): ReactNode {
  return (
    <Flex direction="column" gap="md">
      <Flex gap="md" wrap>
        {PAGES.map(({ to, label }) => (
          <PageLink key={to} to={to}>
            {label}
          </PageLink>
        ))}
      </Flex>
      {children}
    </Flex>
  );
}

function NotFound(): ReactNode {
  return (
    <>
      <PageTitle>Not found</PageTitle>
      <Text>There is no page at this address. The links above lead on.</Text>
    </>
  );
}

const Router = createPageRouter(
  <PageRoutes layoutComponent={Layout}>
    <PageRoutes.IndexRoute component={Health} />
    <PageRoutes.Route path="/conflicts" component={Conflicts} />
    <PageRoutes.Route path="/held" component={Held} />
    <PageRoutes.Route path="/parked" component={ParkedWork} />
    <PageRoutes.Route path="/activity" component={Activity} />
    <PageRoutes.Route path="/undo" component={Undo} />
    <PageRoutes.Route path="/rules" component={Rules} />
    <PageRoutes.Route path="/schema" component={Schema} />
    <PageRoutes.AnyRoute component={NotFound} />
  </PageRoutes>,
);

hubspot.extend<'pages'>(() => <Router />);

export { Router };
