/** App pages for a test of the host: routes, links, breadcrumbs, navigation by action. */
import { Button, Text, hubspot, useExtensionActions } from '@hubspot/ui-extensions';
import {
  PageBreadcrumbs,
  PageHeader,
  PageLink,
  PageRoutes,
  PageTitle,
  createPageRouter,
  usePageRoute,
} from '@hubspot/ui-extensions/pages';
import type { ReactNode } from 'react';

const Router = createPageRouter(
  <PageRoutes>
    <PageRoutes.IndexRoute component={Home} />
    <PageRoutes.Route path="/accounts/:accountId" component={Account} />
    <PageRoutes.AnyRoute component={Nowhere} />
  </PageRoutes>,
);
hubspot.extend<'pages'>(() => <Router />);

function Home(): ReactNode {
  const { navigateToPage } = useExtensionActions<'pages'>();
  return (
    <>
      <PageHeader>
        <PageHeader.PrimaryAction>
          <PageHeader.PageLink to="/nowhere">Lost</PageHeader.PageLink>
        </PageHeader.PrimaryAction>
      </PageHeader>
      <PageTitle>Accounts</PageTitle>
      <PageLink to="/accounts/:accountId" params={{ accountId: 'a b', sort: 'new' }}>
        One account
      </PageLink>
      <Button onClick={() => navigateToPage({ to: '/accounts/:accountId', params: { accountId: '7' } })}>
        Go
      </Button>
    </>
  );
}

function Account(): ReactNode {
  const { path, params } = usePageRoute();
  return (
    <>
      <PageBreadcrumbs>
        <PageBreadcrumbs.PageLink to="/">Accounts</PageBreadcrumbs.PageLink>
        <PageBreadcrumbs.Current>This one</PageBreadcrumbs.Current>
      </PageBreadcrumbs>
      <Text testId="route">{`${path} ${JSON.stringify(params)}`}</Text>
    </>
  );
}

function Nowhere(): ReactNode {
  return <PageTitle>No such page</PageTitle>;
}
