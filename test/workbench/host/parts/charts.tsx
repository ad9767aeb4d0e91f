/** Charts as a drawing for the eye and a table for everybody else. */
import type { ChartColor, ChartDataRow, ChartProps } from '@hubspot/ui-extensions';
import type { ReactNode } from 'react';
import { tested } from '../surface.tsx';

const WIDTH = 480;
const HEIGHT = 180;
const FLOOR = 150;
const LEFT = 36;
const COLORS: readonly ChartColor[] = ['aqua', 'orange', 'purple', 'yellow', 'pink', 'blue', 'green'];

interface Series {
  name: string;
  color: ChartColor;
  /** By category. */
  values: Map<string, number>;
}

interface Chart {
  categories: string[];
  series: Series[];
  most: number;
  unit: string;
  isStacked: boolean;
}

function read({ data, axes, options = {} }: ChartProps): Chart {
  const { data: rows, options: named } = Array.isArray(data) ? { data, options: undefined } : data;
  // The axis that counts may be either one; bars are drawn upright in both cases.
  const [across, up] =
    axes.x.fieldType === 'linear' && axes.y.fieldType !== 'linear' ? [axes.y, axes.x] : [axes.x, axes.y];
  const { groupFieldByColor: group, stacking = false, colors = {} } = axes.options ?? {};
  const label = (row: ChartDataRow, field: string): string => {
    const value = String(row[field] ?? '');
    return named?.propertyLabels?.[field]?.[value] ?? value;
  };
  const categories = [...new Set(rows.map((row) => label(row, across.field)))];
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
  const palette = options.colorList ?? options.colors ?? COLORS;
  const names = [...new Set(rows.map((row) => (group === undefined ? '' : String(row[group] ?? ''))))];
  const series = names.map((name, index): Series => {
    const mine = rows.filter((row) => group === undefined || String(row[group] ?? '') === name);
    return {
      name: group === undefined || mine[0] === undefined ? (up.label ?? up.field) : label(mine[0], group),
      color: colors[name] ?? palette[index % palette.length] ?? 'aqua',
      values: new Map(mine.map((row) => [label(row, across.field), Number(row[up.field] ?? 0)])),
    };
  });
  const heights = categories.map((category) => {
    const values = series.map(({ values: own }) => own.get(category) ?? 0);
    return stacking ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
  });
  return {
    categories,
    series,
    most: Math.max(1, ...heights),
    unit: up.label ?? up.field,
    isStacked: stacking,
  };
}

function Figure({
  chart,
  props,
  children,
}: {
  chart: Chart;
  props: ChartProps;
  children: ReactNode;
}): ReactNode {
  const { categories, series, most, unit } = chart;
  const title = props.options?.title ?? unit;
  const slot = (WIDTH - LEFT) / Math.max(1, categories.length);
  return (
    <figure className="hs-chart" {...tested(props.testId)}>
      <figcaption className="hs-label">{title}</figcaption>
      {props.options?.showLegend === true ? (
        <ul className="hs-legend" aria-hidden="true">
          {series.map(({ name, color }) => (
            <li key={name} className={`hs-chart-${color}`}>
              {name}
            </li>
          ))}
        </ul>
      ) : null}
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <line x1={LEFT} x2={WIDTH} y1={FLOOR} y2={FLOOR} className="hs-axis" />
        <text x={LEFT - 6} y={FLOOR} textAnchor="end">
          0
        </text>
        <text x={LEFT - 6} y={28} textAnchor="end">
          {most}
        </text>
        {categories.map((category, index) => (
          <text key={category} x={LEFT + slot * (index + 0.5)} y={HEIGHT - 12} textAnchor="middle">
            {category}
          </text>
        ))}
        {children}
      </svg>
      <table className="hs-unseen">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{props.axes.x.label ?? props.axes.x.field}</th>
            {series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {categories.map((category) => (
            <tr key={category}>
              <th scope="row">{category}</th>
              {series.map(({ name, values }) => (
                <td key={name}>{values.get(category) ?? ''}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

const heightOf = (value: number, most: number): number => (Math.max(0, value) / most) * (FLOOR - 24);

export function BarChart(props: ChartProps): ReactNode {
  const chart = read(props);
  const { categories, series, most, isStacked } = chart;
  const slot = (WIDTH - LEFT) / Math.max(1, categories.length);
  const width = Math.min(48, (slot * 0.7) / (isStacked ? 1 : Math.max(1, series.length)));
  const bars = categories.flatMap((category, index) => {
    let floor = FLOOR;
    const start = LEFT + slot * (index + 0.5) - (width * (isStacked ? 1 : series.length)) / 2;
    return series.map(({ name, color, values }, place) => {
      const value = values.get(category) ?? 0;
      const height = heightOf(value, most);
      const bar = {
        key: `${category} ${name}`,
        x: start + (isStacked ? 0 : place * width),
        y: (isStacked ? floor : FLOOR) - height,
        ...{ height, value, color },
      };
      if (isStacked) floor -= height;
      return bar;
    });
  });
  return (
    <Figure chart={chart} props={props}>
      {bars.map(({ key, x, y, height, value, color }) => (
        <g key={key} className={`hs-chart-${color}`}>
          <rect x={x + 1} y={y} width={width - 2} height={height} rx="2">
            <title>{`${key}: ${value}`}</title>
          </rect>
          {props.options?.showDataLabels === true && value !== 0 ? (
            <text x={x + width / 2} y={y - 4} textAnchor="middle">
              {value}
            </text>
          ) : null}
        </g>
      ))}
    </Figure>
  );
}

export function LineChart(props: ChartProps): ReactNode {
  const chart = read(props);
  const { categories, series, most } = chart;
  const slot = (WIDTH - LEFT) / Math.max(1, categories.length);
  return (
    <Figure chart={chart} props={props}>
      {series.map(({ name, color, values }) => {
        const points = categories.flatMap((category, index) => {
          const value = values.get(category);
          if (value === undefined) return [];
          return [{ category, value, x: LEFT + slot * (index + 0.5), y: FLOOR - heightOf(value, most) }];
        });
        return (
          <g key={name} className={`hs-chart-${color}`}>
            <polyline points={points.map(({ x, y }) => `${x},${y}`).join(' ')} />
            {points.map(({ category, value, x, y }) => (
              <circle key={category} cx={x} cy={y} r="4">
                <title>{`${category} ${name}: ${value}`}</title>
              </circle>
            ))}
          </g>
        );
      })}
    </Figure>
  );
}
