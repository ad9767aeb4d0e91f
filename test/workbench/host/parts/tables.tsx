/** Tables, tabs, accordions and lists of labels and values. */
import type {
  AccordionProps,
  DescriptionListItemProps,
  DescriptionListProps,
  StepIndicatorProps,
  TabProps,
  TabsProps,
  TableCellProps,
  TableHeaderProps,
  TableProps,
} from '@hubspot/ui-extensions';
import {
  createContext,
  useContext,
  useEffect,
  useId,
  useReducer,
  useRef,
  useState,
  type CSSProperties,
  type ReactNode,
} from 'react';
import { classes, sizeOf, tell, tested, type Children } from '../surface.tsx';
import { moveFocus } from './overlays.tsx';

const HeadContext = createContext(false);

export function Table(props: TableProps): ReactNode {
  const { bordered = true, flush = false, density = 'default', children, testId } = props;
  return (
    <div className={classes('hs-table-around', flush && 'hs-flush')} {...tested(testId)}>
      <div className="hs-scrolls">
        <table className={classes('hs-table', bordered && 'hs-bordered', `hs-density-${density}`)}>
          {children}
        </table>
      </div>
      {props.paginated === true ? <Pages {...props} /> : null}
    </div>
  );
}

const PAGES_SHOWN = 5;

function Pages(props: Extract<TableProps, { paginated: true }>): ReactNode {
  const { pageCount, page, onPageChange, showButtonLabels = true, showFirstLastButtons = false } = props;
  const [own, setOwn] = useState(1);
  const now = page ?? own;
  const shown = Math.min(props.maxVisiblePageButtons ?? PAGES_SHOWN, pageCount);
  const first = Math.max(1, Math.min(now - Math.floor(shown / 2), pageCount - shown + 1));
  const go = (to: number): void => {
    setOwn(to);
    tell(onPageChange, to);
  };
  const button = (label: string, sign: string, to: number): ReactNode => (
    <button
      type="button"
      className="hs-page"
      aria-label={label}
      disabled={to < 1 || to > pageCount || to === now}
      onClick={() => go(to)}
    >
      {showButtonLabels ? label : sign}
    </button>
  );
  return (
    <nav className="hs-pages" aria-label="Pages of the table">
      {showFirstLastButtons ? button('First', '«', 1) : null}
      {button('Prev', '‹', now - 1)}
      {Array.from({ length: shown }, (_, index) => first + index).map((number) => (
        <button
          key={number}
          type="button"
          className="hs-page"
          aria-label={`Page ${number}`}
          aria-current={number === now ? 'page' : undefined}
          onClick={() => go(number)}
        >
          {number}
        </button>
      ))}
      {button('Next', '›', now + 1)}
      {showFirstLastButtons ? button('Last', '»', pageCount) : null}
    </nav>
  );
}

export const TableHead = ({ children, testId }: Children): ReactNode => (
  <thead {...tested(testId)}>
    <HeadContext.Provider value={true}>{children}</HeadContext.Provider>
  </thead>
);
export const TableBody = ({ children, testId }: Children): ReactNode => (
  <tbody {...tested(testId)}>{children}</tbody>
);
export const TableFooter = ({ children, testId }: Children): ReactNode => (
  <tfoot {...tested(testId)}>{children}</tfoot>
);
export const TableRow = ({ children, testId }: Children): ReactNode => (
  <tr {...tested(testId)}>{children}</tr>
);

const placed = (align: TableCellProps['align'], width: TableCellProps['width']): CSSProperties => ({
  textAlign: align,
  ...(width === 'min'
    ? { width: '1%', whiteSpace: 'nowrap' }
    : width === 'max'
      ? { width: '99%' }
      : { width }),
});

export const TableCell = ({ align, width, colSpan, children, testId }: TableCellProps): ReactNode => (
  <td style={placed(align, width)} colSpan={colSpan} {...tested(testId)}>
    {children}
  </td>
);

export function TableHeader(props: TableHeaderProps): ReactNode {
  const { align, width, children, testId } = props;
  const isHead = useContext(HeadContext);
  const direction = props.sortDirection;
  const isSorted = direction !== undefined && direction !== 'never';
  // Guess: a click turns ascending into descending, and everything else into ascending.
  const next = direction === 'ascending' ? 'descending' : 'ascending';
  return (
    <th
      scope={isHead ? 'col' : 'row'}
      style={placed(align, width)}
      aria-sort={isSorted ? direction : undefined}
      {...tested(testId)}
    >
      {isSorted ? (
        <button
          type="button"
          className="hs-sort"
          disabled={'disabled' in props ? props.disabled : undefined}
          onClick={() => {
            if ('onSortChange' in props) tell(props.onSortChange, next);
          }}
        >
          {children}
          <span aria-hidden="true">{{ ascending: ' ▴', descending: ' ▾', none: ' ▵' }[direction]}</span>
        </button>
      ) : (
        children
      )}
    </th>
  );
}

type TabId = string | number;

interface TabEntry {
  key: string;
  panel: () => HTMLElement | null;
  tab: TabProps;
}

interface TabList {
  base: string;
  selected: string | null;
  put: (entry: TabEntry) => void;
  remove: (key: string) => void;
}

const TabsContext = createContext<TabList | null>(null);

const inOrder = (entries: TabEntry[]): TabEntry[] =>
  entries.toSorted((one, other) => {
    const [here, there] = [one.panel(), other.panel()];
    if (here === null || there === null) return 0;
    return here.compareDocumentPosition(there) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
  });

/** Each Tab says what it is, since a tab may come, go or change its title without its list being drawn again. */
export function Tabs({
  children,
  onSelectedChange,
  defaultSelected,
  selected,
  variant,
  fill,
  testId,
}: TabsProps): ReactNode {
  const base = useId();
  const entries = useRef(new Map<string, TabEntry>());
  const [, redraw] = useReducer((turn: number) => turn + 1, 0);
  const [own, setOwn] = useState<TabId | undefined>(defaultSelected);
  const list = useRef<HTMLDivElement>(null);
  const [{ put, remove }] = useState(() => ({
    put: (entry: TabEntry) => {
      const before = entries.current.get(entry.key);
      entries.current.set(entry.key, entry);
      if (before === undefined || JSON.stringify(before.tab) !== JSON.stringify(entry.tab)) redraw();
    },
    remove: (key: string) => {
      entries.current.delete(key);
      redraw();
    },
  }));
  const tabs = inOrder([...entries.current.values()]).map((entry, index) => ({
    ...entry,
    id: entry.tab.tabId ?? index,
  }));
  const wanted = selected ?? own;
  const current = tabs.find(({ id }) => id === wanted) ?? tabs.find(({ tab }) => tab.disabled !== true);
  const choose = (id: TabId): void => {
    setOwn(id);
    tell(onSelectedChange as ((id: TabId) => void) | undefined, id);
  };
  return (
    <div className={classes('hs-tabs', variant === 'enclosed' && 'hs-enclosed')} {...tested(testId)}>
      <div
        ref={list}
        role="tablist"
        className={classes('hs-tablist', fill === true && 'hs-fill')}
        onKeyDown={(event) => {
          const among = [
            ...(list.current?.querySelectorAll<HTMLElement>('[role=tab]:not([disabled])') ?? []),
          ];
          moveFocus(event, among, ['ArrowLeft', 'ArrowRight'])?.click();
        }}
      >
        {tabs.map(({ key, id, tab }) => (
          <button
            key={key}
            id={`${base}-tab-${key}`}
            type="button"
            role="tab"
            className="hs-tab"
            aria-selected={key === current?.key}
            aria-controls={`${base}-panel-${key}`}
            tabIndex={key === current?.key ? 0 : -1}
            disabled={tab.disabled}
            title={tab.tooltip}
            onClick={() => choose(id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <TabsContext.Provider value={{ base, selected: current?.key ?? null, put, remove }}>
        {children}
      </TabsContext.Provider>
    </div>
  );
}

export function Tab({ tabId, title, disabled, tooltip, children, testId }: TabProps): ReactNode {
  const tabs = useContext(TabsContext);
  const key = useId();
  const panel = useRef<HTMLDivElement>(null);
  const { put, remove } = tabs ?? {};
  useEffect(() => {
    const tab = {
      ...(tabId === undefined ? {} : { tabId }),
      ...(title === undefined ? {} : { title }),
      ...(disabled === undefined ? {} : { disabled }),
      ...(tooltip === undefined ? {} : { tooltip }),
    };
    put?.({ key, panel: () => panel.current, tab });
  }, [put, key, tabId, title, disabled, tooltip]);
  useEffect(() => () => remove?.(key), [remove, key]);
  return (
    <div
      ref={panel}
      id={`${tabs?.base ?? ''}-panel-${key}`}
      role="tabpanel"
      className="hs-tabpanel"
      aria-labelledby={`${tabs?.base ?? ''}-tab-${key}`}
      hidden={tabs !== null && tabs.selected !== key}
      {...tested(testId)}
    >
      <TabsContext.Provider value={null}>{children}</TabsContext.Provider>
    </div>
  );
}

/** What opens it stays with React: a details element left to itself would no longer follow `open`. */
export function Accordion({
  title,
  children,
  defaultOpen = false,
  open,
  disabled = false,
  size,
  onClick,
  testId,
}: AccordionProps): ReactNode {
  const [own, setOwn] = useState(defaultOpen);
  const isOpen = open ?? own;
  return (
    <details className={`hs-accordion hs-size-${sizeOf(size, 'sm')}`} open={isOpen} {...tested(testId)}>
      <summary
        aria-disabled={disabled || undefined}
        onClick={(event) => {
          event.preventDefault();
          if (disabled) return;
          setOwn(!isOpen);
          tell(onClick);
        }}
      >
        {title}
      </summary>
      <div className="hs-accordion-body">{children}</div>
    </details>
  );
}

export const DescriptionList = ({
  direction = 'column',
  children,
  testId,
}: DescriptionListProps): ReactNode => (
  <dl className={`hs-description hs-${direction}`} {...tested(testId)}>
    {children}
  </dl>
);

export const DescriptionListItem = ({ label, children, testId }: DescriptionListItemProps): ReactNode => (
  <div {...tested(testId)}>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

export function StepIndicator(props: StepIndicatorProps): ReactNode {
  const {
    stepNames,
    direction = 'horizontal',
    currentStep = 0,
    variant = 'default',
    onClick,
    testId,
  } = props;
  return (
    <ol className={`hs-steps hs-${direction} hs-steps-${variant}`} {...tested(testId)}>
      {stepNames.map((name, index) => (
        <li
          key={name}
          className={classes(index < currentStep && 'hs-done')}
          aria-current={index === currentStep ? 'step' : undefined}
        >
          {onClick === undefined ? (
            <span>{name}</span>
          ) : (
            <button type="button" onClick={() => tell(onClick, index)}>
              {name}
            </button>
          )}
        </li>
      ))}
    </ol>
  );
}
