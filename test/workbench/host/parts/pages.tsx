/** App pages: links between them, headers and breadcrumbs; and the header of a home page. */
import type { PageLinkProps, PageTitleProps } from '@hubspot/ui-extensions/pages';
import type { HeaderActionButtonProps } from '@hubspot/ui-extensions';
import type { ReactNode } from 'react';
import {
  classes,
  eventOf,
  locate,
  reactionsOf,
  safeHref,
  tell,
  tested,
  useSurface,
  type Children,
} from '../surface.tsx';
import { Button } from './buttons.tsx';
import { PhrasingContext } from './text.tsx';

function Going({
  to,
  params,
  className,
  children,
  testId,
}: PageLinkProps & { className: string }): ReactNode {
  const surface = useSurface();
  const { path, params: query } = locate(to, params);
  const search = new URLSearchParams(query).toString();
  return (
    <a
      className={className}
      href={`#${path}${search === '' ? '' : `?${search}`}`}
      onClick={(event) => {
        // The address of the page around is not the extension's to change.
        event.preventDefault();
        surface.navigate(to, params);
      }}
      {...tested(testId)}
    >
      <PhrasingContext.Provider value={true}>{children}</PhrasingContext.Provider>
    </a>
  );
}

export const PageLink = (props: PageLinkProps): ReactNode => <Going {...props} className="hs-link" />;

/** In HubSpot also the title of the browser's tab; not here, where several stand on one page. */
export const PageTitle = ({ children, testId }: PageTitleProps): ReactNode => (
  <h2 className="hs-page-title" {...tested(testId)}>
    {children}
  </h2>
);

export const PageHeader = ({ children, testId }: Children): ReactNode => (
  <div className="hs-page-header" {...tested(testId)}>
    {children}
  </div>
);

const group = (name: string) =>
  function Group({ children, testId }: Children): ReactNode {
    return (
      <div className={classes('hs-button-row', name)} {...tested(testId)}>
        {children}
      </div>
    );
  };
export const PageHeaderPrimaryAction = group('hs-primary-action');
export const PageHeaderSecondaryActions = group('hs-secondary-actions');

export function PageHeaderLink(
  props: Children & { href?: string; disabled?: boolean; onClick?: (...args: unknown[]) => void },
): ReactNode {
  const { href, disabled = false, onClick, children, testId } = props;
  const surface = useSurface();
  if (href === undefined || disabled)
    return (
      <Button
        disabled={disabled}
        onClick={() => tell(onClick, eventOf('click'), reactionsOf(surface))}
        {...(testId === undefined ? {} : { testId })}
      >
        {children}
      </Button>
    );
  return (
    <a
      className="hs-button hs-secondary hs-size-md"
      href={safeHref(href)}
      target="_blank"
      rel="noopener noreferrer"
      onClick={() => tell(onClick, eventOf('click'), reactionsOf(surface))}
      {...tested(testId)}
    >
      {children}
    </a>
  );
}

export const PageHeaderPageLink = (props: PageLinkProps): ReactNode => (
  <Going {...props} className="hs-button hs-secondary hs-size-md" />
);

export const PageBreadcrumbs = ({ children, testId }: Children): ReactNode => (
  <nav className="hs-breadcrumbs" aria-label="Breadcrumbs" {...tested(testId)}>
    {children}
  </nav>
);

export const PageBreadcrumbsCurrent = ({ children, testId }: Children): ReactNode => (
  <span aria-current="page" {...tested(testId)}>
    {children}
  </span>
);

export const HeaderActions = group('hs-header-actions');

export const PrimaryHeaderActionButton = (props: HeaderActionButtonProps): ReactNode => (
  <Button {...props} variant="primary" />
);
export const SecondaryHeaderActionButton = (props: HeaderActionButtonProps): ReactNode => (
  <Button {...props} />
);
