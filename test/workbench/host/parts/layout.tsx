/** Where things stand: flex boxes, grids, tiles, lines and space. */
import type {
  AutoGridProps,
  BoxProps,
  DividerProps,
  FlexProps,
  InlineProps,
  SpacerProps,
  TileProps,
} from '@hubspot/ui-extensions';
import type { CSSProperties, ReactNode } from 'react';
import { classes, sizeOf, tested, type Children } from '../surface.tsx';

const PIXELS: Readonly<Record<string, number>> = { flush: 0, none: 0, xs: 4, sm: 8, md: 16, lg: 24, xl: 32 };

const distance = (given: string | undefined, otherwise = 'flush'): number =>
  PIXELS[sizeOf(given, otherwise)] ?? 0;

const AROUND: Readonly<Record<string, string>> = {
  start: 'flex-start',
  end: 'flex-end',
  around: 'space-around',
  between: 'space-between',
};

const along = (given: string | undefined): string | undefined =>
  given === undefined ? undefined : (AROUND[given] ?? given);

export function Flex(props: FlexProps): ReactNode {
  const { direction = 'row', justify, align, alignSelf, wrap, gap, children, testId } = props;
  return (
    <div
      className="hs-flex"
      style={{
        flexDirection: direction,
        justifyContent: along(justify),
        alignItems: along(align),
        alignSelf: along(alignSelf),
        flexWrap: wrap === true || wrap === 'wrap' ? 'wrap' : 'nowrap',
        gap: distance(gap),
      }}
      {...tested(testId)}
    >
      {children}
    </div>
  );
}

/** The forerunner of Flex. */
export const Stack = ({
  distance: gap,
  direction = 'column',
  ...rest
}: Omit<FlexProps, 'gap'> & { distance?: FlexProps['gap'] }): ReactNode => (
  <Flex direction={direction} {...(gap === undefined ? {} : { gap })} {...rest} />
);

/** The experimental one, which took over the name of the gap. */
export const Stack2 = (props: Pick<FlexProps, 'gap' | 'align' | 'children' | 'testId'>): ReactNode => (
  <Flex direction="column" {...props} />
);

export function Box({ flex = 'auto', alignSelf, children, testId }: BoxProps): ReactNode {
  return (
    <div className="hs-box" style={{ flex, alignSelf: along(alignSelf) }} {...tested(testId)}>
      {children}
    </div>
  );
}

export const Inline = ({ justify, align, gap, children, testId }: InlineProps): ReactNode => (
  <div
    className="hs-flex hs-wraps"
    style={{ justifyContent: along(justify), alignItems: along(align), gap: distance(gap) }}
    {...tested(testId)}
  >
    {children}
  </div>
);

export function AutoGrid({ columnWidth, gap, flexible = false, children, testId }: AutoGridProps): ReactNode {
  const width = `min(${columnWidth}px, 100%)`;
  const gridTemplateColumns = `repeat(auto-fit, ${flexible ? `minmax(${width}, 1fr)` : width})`;
  return (
    <div className="hs-grid" style={{ gridTemplateColumns, gap: distance(gap) }} {...tested(testId)}>
      {children}
    </div>
  );
}

const GRID_COLUMNS = 12;

export const Grid = ({
  gap,
  size = GRID_COLUMNS,
  children,
  testId,
}: Children & { gap?: string; size?: number }): ReactNode => (
  <div
    className="hs-grid"
    style={{ gridTemplateColumns: `repeat(${size}, minmax(0, 1fr))`, gap: distance(gap) }}
    {...tested(testId)}
  >
    {children}
  </div>
);

export function GridItem({
  size,
  offset = 0,
  children,
  testId,
}: Children & { size?: number; offset?: number }): ReactNode {
  const style: CSSProperties = { gridColumn: `${offset > 0 ? offset + 1 : 'auto'} / span ${size ?? 1}` };
  return (
    <div style={style} {...tested(testId)}>
      {children}
    </div>
  );
}

export const Center = ({
  children,
  maxContentSize,
  testId,
}: Children & { maxContentSize?: number | string }): ReactNode => (
  <div className="hs-center" style={{ maxWidth: maxContentSize }} {...tested(testId)}>
    {children}
  </div>
);

export function MediaObject(
  props: Children & { align?: string; spacing?: string; itemLeft?: ReactNode; itemRight?: ReactNode },
): ReactNode {
  const { align, spacing, itemLeft, itemRight, children, testId } = props;
  return (
    <div
      className="hs-flex"
      style={{ alignItems: along(align), gap: distance(spacing, 'sm') }}
      {...tested(testId)}
    >
      {itemLeft === undefined ? null : <div>{itemLeft}</div>}
      <div className="hs-grows">{children}</div>
      {itemRight === undefined ? null : <div>{itemRight}</div>}
    </div>
  );
}

// eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
export const Divider = ({ size, distance: older, testId }: DividerProps): ReactNode => (
  <hr className="hs-divider" style={{ marginBlock: distance(size ?? older, 'sm') }} {...tested(testId)} />
);

export const Spacer = ({ size, testId }: SpacerProps): ReactNode => (
  <div aria-hidden="true" style={{ height: distance(size, 'md') }} {...tested(testId)} />
);

export const Tile = ({ compact = false, flush = false, children, testId }: TileProps): ReactNode => (
  <div className={classes('hs-tile', compact && 'hs-compact', flush && 'hs-flush')} {...tested(testId)}>
    {children}
  </div>
);

export const Card = ({ children, testId }: Children): ReactNode => (
  <section className="hs-tile" {...tested(testId)}>
    {children}
  </section>
);

/** What is drawn for a name the page does not know: what it holds. */
export const Unknown = ({ children }: Children): ReactNode => <div className="hs-unknown">{children}</div>;
