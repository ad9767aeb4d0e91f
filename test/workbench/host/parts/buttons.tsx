/** Whatever is clicked: buttons, links and menus. */
import type {
  ButtonProps,
  ButtonRowProps,
  DropdownProps,
  LinkProps,
  LoadingButtonProps,
} from '@hubspot/ui-extensions';
import { createContext, useContext, useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { classes, eventOf, reactionsOf, safeHref, sizeOf, tell, tested, useSurface } from '../surface.tsx';
import { moveFocus, useOverlay } from './overlays.tsx';
import { PhrasingContext } from './text.tsx';

type Common = Pick<
  ButtonProps,
  | 'onClick'
  | 'href'
  | 'disabled'
  | 'variant'
  | 'type'
  | 'children'
  | 'size'
  | 'truncate'
  | 'overlay'
  | 'testId'
> & { isBusy?: boolean; opensLater?: boolean; result?: ReactNode };

/** A button, or a link that looks like one. */
export function Button(props: Common): ReactNode {
  const { onClick, href, disabled = false, variant = 'secondary', type = 'button', children, testId } = props;
  const { isBusy = false, opensLater = false, result, size, truncate = false, overlay } = props;
  const surface = useSurface();
  const { open, describedBy, around } = useOverlay(overlay);
  const wasBusy = useRef(false);
  useEffect(() => {
    if (wasBusy.current && !isBusy && opensLater) open();
    wasBusy.current = isBusy;
  }, [isBusy, opensLater, open]);
  const click = (): void => {
    tell(onClick, eventOf('click'), reactionsOf(surface));
    if (!opensLater) open();
  };
  const className = classes(
    'hs-button',
    `hs-${variant}`,
    `hs-size-${sizeOf(size, 'md')}`,
    truncate && 'hs-truncate',
  );
  const inside = (
    <PhrasingContext.Provider value={true}>
      {isBusy ? <span className="hs-spinner" aria-hidden="true" /> : result}
      {children}
    </PhrasingContext.Provider>
  );
  const url = typeof href === 'object' ? href.url : href;
  if (url !== undefined && !disabled)
    return around(
      <a
        className={className}
        href={safeHref(url)}
        target="_blank"
        rel="noopener noreferrer"
        aria-describedby={describedBy}
        onClick={click}
        {...tested(testId)}
      >
        {inside}
      </a>,
    );
  return around(
    <button
      type={type}
      className={className}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      aria-describedby={describedBy}
      onClick={click}
      {...tested(testId)}
    >
      {inside}
    </button>,
  );
}

const RESULT_SHOWN_MS = 1_500;

export function LoadingButton({
  loading = false,
  overlayOptions,
  resultIconName,
  ...rest
}: LoadingButtonProps): ReactNode {
  const [isDone, setDone] = useState(false);
  const wasLoading = useRef(false);
  useEffect(() => {
    const hasEnded = wasLoading.current && !loading;
    wasLoading.current = loading;
    if (!hasEnded) return undefined;
    setDone(true);
    const timer = setTimeout(() => setDone(false), RESULT_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [loading]);
  const mark = (
    <span className="hs-result" data-icon={resultIconName ?? 'success'} aria-hidden="true">
      ✓
    </span>
  );
  return (
    <Button
      {...rest}
      isBusy={loading}
      opensLater={overlayOptions?.openBehavior === 'onLoadingFinish'}
      result={isDone && !loading ? mark : null}
    />
  );
}

/** All of them: the menu HubSpot folds them into when there is no room is not imitated, they wrap. */
export const ButtonRow = ({ children, testId }: ButtonRowProps): ReactNode => (
  <div className="hs-button-row" {...tested(testId)}>
    {children}
  </div>
);

export function Link({
  href,
  variant = 'primary',
  onClick,
  preventDefault,
  overlay,
  children,
  testId,
}: LinkProps): ReactNode {
  const surface = useSurface();
  const { open, describedBy, around } = useOverlay(overlay);
  const url = typeof href === 'object' ? href.url : (href as string | undefined);
  const className = classes('hs-link', `hs-link-${variant}`);
  const click = (): void => {
    tell(onClick, eventOf('click'), reactionsOf(surface));
    open();
  };
  const inside = <PhrasingContext.Provider value={true}>{children}</PhrasingContext.Provider>;
  if (url === undefined || url === '' || url === '#')
    return around(
      <button
        type="button"
        className={className}
        aria-describedby={describedBy}
        onClick={click}
        {...tested(testId)}
      >
        {inside}
      </button>,
    );
  const isExternal = typeof href === 'object' ? href.external : !/^\/|hubspot\.com/.test(url);
  return around(
    <a
      className={className}
      href={safeHref(url)}
      target="_blank"
      rel="noopener noreferrer"
      aria-describedby={describedBy}
      onClick={(event) => {
        if (preventDefault === true) event.preventDefault();
        click();
      }}
      {...tested(testId)}
    >
      {inside}
      {isExternal === true ? (
        <span className="hs-external" aria-label="(opens in a new tab)" role="img">
          ↗
        </span>
      ) : null}
    </a>,
  );
}

const MenuContext = createContext<(() => void) | null>(null);

export function Dropdown(props: DropdownProps): ReactNode {
  const {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
    options = [],
    variant = 'secondary',
    buttonText = 'More',
    buttonSize,
    disabled,
    children,
    testId,
  } = props;
  const [isOpen, setOpen] = useState(false);
  const menu = useRef<HTMLUListElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const root = useRef<HTMLSpanElement>(null);
  const id = useId();
  const items = (): HTMLElement[] => [
    ...(menu.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? []),
  ];
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!isOpen) return undefined;
    menu.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const away = (event: PointerEvent): void => {
      if (!(event.target instanceof Node && root.current?.contains(event.target))) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [isOpen]);
  return (
    <span className="hs-anchor" ref={root} {...tested(testId)}>
      <button
        ref={button}
        type="button"
        className={classes('hs-button', `hs-${variant}`, `hs-size-${sizeOf(buttonSize, 'md')}`)}
        disabled={disabled}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {buttonText} <span aria-hidden="true">▾</span>
      </button>
      {/* Kept while it is closed: an item's own overlay must outlive the menu. */}
      <ul
        id={id}
        ref={menu}
        role="menu"
        aria-label={buttonText}
        className="hs-menu"
        hidden={!isOpen}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            event.stopPropagation();
            close();
          } else if (event.key === 'Tab') setOpen(false);
          else moveFocus(event, items(), ['ArrowUp', 'ArrowDown']);
        }}
      >
        <MenuContext.Provider value={close}>
          {options.map(({ label, onClick }) => (
            <DropdownButtonItem key={label} onClick={() => tell(onClick)}>
              {label}
            </DropdownButtonItem>
          ))}
          {children}
        </MenuContext.Provider>
      </ul>
    </span>
  );
}

export function DropdownButtonItem({
  onClick,
  overlay,
  children,
  testId,
}: Pick<Common, 'onClick' | 'overlay' | 'children' | 'testId'>): ReactNode {
  const surface = useSurface();
  const close = useContext(MenuContext);
  const { open, describedBy, around } = useOverlay(overlay);
  return (
    <li role="none">
      {around(
        <button
          type="button"
          role="menuitem"
          tabIndex={-1}
          aria-describedby={describedBy}
          onClick={() => {
            close?.();
            tell(onClick, eventOf('click'), reactionsOf(surface));
            open();
          }}
          {...tested(testId)}
        >
          {children}
        </button>,
      )}
    </li>
  );
}
