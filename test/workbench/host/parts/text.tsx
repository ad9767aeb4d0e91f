/** Text, headings, tags, icons and pictures. */
import type {
  HeadingProps,
  IconProps,
  IllustrationProps,
  ImageProps,
  ListProps,
  StatusTagProps,
  TagProps,
  TextProps,
} from '@hubspot/ui-extensions';
import { Children, createContext, useContext, type ReactNode } from 'react';
import { classes, eventOf, reactionsOf, safeHref, sizeOf, tell, tested, useSurface } from '../surface.tsx';
import { useOverlay } from './overlays.tsx';

/** True inside of text, where a paragraph must not stand. */
export const PhrasingContext = createContext(false);

const format = ({
  fontWeight,
  italic,
  lineDecoration,
  textTransform,
}: NonNullable<TextProps['format']>): string =>
  classes(
    fontWeight !== undefined && `hs-${fontWeight}`,
    italic === true && 'hs-italic',
    lineDecoration !== undefined && `hs-${lineDecoration}`,
    textTransform !== undefined && `hs-${textTransform}`,
  );

export function Text({
  variant,
  inline,
  format: given = {},
  truncate = false,
  children,
  testId,
}: TextProps): ReactNode {
  const isPhrasing = useContext(PhrasingContext);
  const { maxWidth, tooltipText } = typeof truncate === 'object' ? truncate : {};
  const Tag = isPhrasing || inline === true ? 'span' : 'p';
  return (
    <Tag
      className={classes(
        'hs-text',
        inline === true && 'hs-inline',
        variant === 'microcopy' && 'hs-microcopy',
        truncate !== false && 'hs-truncate',
        format(given),
      )}
      title={truncate === false ? undefined : (tooltipText ?? wordsOf(children))}
      style={maxWidth === undefined ? undefined : { maxWidth }}
      {...tested(testId)}
    >
      <PhrasingContext.Provider value={true}>{children}</PhrasingContext.Provider>
    </Tag>
  );
}

/** The words among remote children: only text nodes are known here. */
function wordsOf(children: ReactNode): string | undefined {
  const words = Children.toArray(children).map(
    (child) => (child as { props?: { text?: { text?: string } } }).props?.text?.text ?? '',
  );
  return words.join('') === '' ? undefined : words.join('');
}

export const Heading = ({ inline, children, testId }: HeadingProps): ReactNode => (
  <h3 className={classes('hs-heading', inline === true && 'hs-inline')} {...tested(testId)}>
    <PhrasingContext.Provider value={true}>{children}</PhrasingContext.Provider>
  </h3>
);

export function Tag({
  variant = 'default',
  inline,
  overlay,
  onClick,
  children,
  testId,
}: TagProps): ReactNode {
  const surface = useSurface();
  const { open, hasOverlay, describedBy, around } = useOverlay(overlay);
  const className = classes('hs-tag', `hs-is-${variant}`, inline === true && 'hs-inline');
  if (!hasOverlay && onClick === undefined)
    return (
      <span className={className} {...tested(testId)}>
        {children}
      </span>
    );
  return around(
    <button
      type="button"
      className={className}
      aria-describedby={describedBy}
      onClick={() => {
        tell(onClick, eventOf('click'), reactionsOf(surface));
        open();
      }}
      {...tested(testId)}
    >
      {children}
    </button>,
  );
}

export function StatusTag(props: StatusTagProps): ReactNode {
  const { variant = 'default', hollow, onClick, showRemoveIcon, onRemoveClick, children, testId } = props;
  const Inner = onClick === undefined ? 'span' : 'button';
  return (
    <span
      className={classes('hs-status', `hs-is-${variant}`, hollow === true && 'hs-hollow')}
      {...tested(testId)}
    >
      <Inner {...(onClick === undefined ? {} : { type: 'button' as const, onClick: () => tell(onClick) })}>
        <span className="hs-dot" aria-hidden="true" />
        {children}
      </Inner>
      {showRemoveIcon === true ? (
        <button type="button" className="hs-close" aria-label="Remove" onClick={() => tell(onRemoveClick)}>
          ×
        </button>
      ) : null}
    </span>
  );
}

/** A sign that is alike, for the icons an extension is likely to show; a dot for every other. */
const SIGNS: Readonly<Record<string, string>> = {
  ...{
    add: '+',
    remove: '−',
    success: '✓',
    checkCircle: '✓',
    xCircle: '✕',
    delete: '🗑',
    edit: '✎',
    link: '🔗',
  },
  ...{ warning: '⚠', exclamation: '!', exclamationCircle: '!', info: 'i', infoNoCircle: 'i', question: '?' },
  ...{ questionCircle: '?', left: '‹', right: '›', upCarat: '▴', downCarat: '▾', undo: '↶', redo: '↷' },
  ...{ refresh: '⟳', replace: '⇄', dataSync: '⇄', rotate: '⟳', search: '⌕', settings: '⚙', star: '★' },
  ...{ favorite: '★', favoriteHollow: '☆', locked: '🔒', key: '⚿', email: '✉', home: '⌂', filter: '▽' },
  ...{
    ellipses: '…',
    copy: '⧉',
    download: '↓',
    upload: '↑',
    forward: '→',
    clock: '◷',
    time: '◷',
    delay: '◷',
  },
  ...{ date: '▦', block: '⊘', stopRecord: '■', record: '●', circleFilled: '●', circleHollow: '○', hide: '⊘' },
  ...{ view: '◉', pin: '⚲', tag: '⌗', flag: '⚑', goal: '◎', contact: '☺', contacts: '☺', crm: '▤' },
};

export function Icon({ name, color = 'inherit', size, screenReaderText, testId }: IconProps): ReactNode {
  return (
    <span
      className={classes('hs-icon', `hs-color-${color}`, `hs-size-${sizeOf(size, 'auto')}`)}
      data-icon={name}
      {...(screenReaderText === undefined
        ? { 'aria-hidden': true }
        : { role: 'img', 'aria-label': screenReaderText })}
      {...tested(testId)}
    >
      {SIGNS[name] ?? '•'}
    </span>
  );
}

export function Image({
  alt = '',
  href,
  onClick,
  overlay,
  src,
  width,
  height,
  testId,
}: ImageProps): ReactNode {
  const surface = useSurface();
  const { open, hasOverlay, describedBy, around } = useOverlay(overlay);
  const url = typeof href === 'object' ? href.url : href;
  const image = (
    <img className="hs-image" src={src} alt={alt} width={width} height={height} {...tested(testId)} />
  );
  const click = (): void => {
    tell(onClick, eventOf('click'), reactionsOf(surface));
    open();
  };
  if (url !== undefined)
    return around(
      <a href={safeHref(url)} target="_blank" rel="noopener noreferrer" onClick={click}>
        {image}
      </a>,
    );
  if (onClick === undefined && !hasOverlay) return image;
  return around(
    <button type="button" className="hs-bare" aria-describedby={describedBy} onClick={click}>
      {image}
    </button>,
  );
}

/** One drawing for all: which of HubSpot's pictures it would be stands in data-name. */
export function Drawing({
  name,
  width = 120,
  alt,
}: {
  name: string;
  width?: number;
  alt?: string;
}): ReactNode {
  return (
    <svg
      className="hs-drawing"
      viewBox="0 0 120 80"
      width={width}
      data-name={name}
      {...(alt === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': alt })}
    >
      <rect x="14" y="10" width="92" height="60" rx="6" className="hs-drawing-sheet" />
      <path d="M26 56 L46 38 L60 48 L84 26" className="hs-drawing-line" />
      <circle cx="84" cy="26" r="5" className="hs-drawing-spot" />
    </svg>
  );
}

export const Illustration = ({ name, alt, width, testId }: IllustrationProps): ReactNode => (
  <span className="hs-illustration" {...tested(testId)}>
    <Drawing name={name} alt={alt} {...(width === undefined ? {} : { width })} />
  </span>
);

export function List({ variant = 'unordered', children, testId }: ListProps): ReactNode {
  const Kind = variant.startsWith('ordered') ? 'ol' : 'ul';
  return (
    <Kind className={`hs-list hs-list-${variant}`} {...tested(testId)}>
      {Children.map(children, (child) => (
        <li>{child}</li>
      ))}
    </Kind>
  );
}
