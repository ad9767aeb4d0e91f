/** What something is like: alerts, empty and broken states, progress, numbers. */
import type {
  AlertProps,
  EmptyStateProps,
  ErrorStateProps,
  LoadingSpinnerProps,
  ProgressBarProps,
  ScoreProps,
  StatisticsItemProps,
  StatisticsProps,
  StatisticsTrendProps,
} from '@hubspot/ui-extensions';
import { useState, type ReactNode } from 'react';
import {
  classes,
  eventOf,
  reactionsOf,
  sizeOf,
  tell,
  tested,
  useSurface,
  type Children,
} from '../surface.tsx';
import { Button } from './buttons.tsx';
import { Drawing } from './text.tsx';

export function Alert({ title, variant = 'info', children, testId }: AlertProps): ReactNode {
  const isUrgent = variant === 'danger' || variant === 'error';
  return (
    <div
      className={`hs-alert hs-is-${isUrgent ? 'danger' : variant}`}
      role={isUrgent ? 'alert' : 'status'}
      {...tested(testId)}
    >
      <strong className="hs-alert-title">{title}</strong>
      {children === undefined ? null : <div>{children}</div>}
    </div>
  );
}

export function EmptyState(props: EmptyStateProps): ReactNode {
  const {
    flush = false,
    title,
    layout = 'horizontal',
    reverseOrder = false,
    imageWidth = 250,
    children,
    testId,
  } = props;
  return (
    <div
      className={classes('hs-empty', `hs-${layout}`, reverseOrder && 'hs-reversed', flush && 'hs-flush')}
      {...tested(testId)}
    >
      <div>
        {title === undefined ? null : <h3 className="hs-heading">{title}</h3>}
        {children}
      </div>
      <Drawing name={props.imageName ?? 'emptyStateCharts'} width={Math.min(imageWidth, 160)} />
    </div>
  );
}

export const ErrorState = ({
  title = 'Something went wrong',
  type = 'error',
  children,
  testId,
}: ErrorStateProps): ReactNode => (
  <div className="hs-empty hs-vertical hs-error-state" role="alert" {...tested(testId)}>
    <Drawing name={type} width={120} />
    <div>
      <h3 className="hs-heading">{title}</h3>
      {children}
    </div>
  </div>
);

export const LoadingSpinner = ({
  label,
  showLabel = false,
  size,
  layout = 'inline',
  testId,
}: LoadingSpinnerProps): ReactNode => (
  <div className={`hs-loading hs-${layout} hs-size-${sizeOf(size, 'sm')}`} role="status" {...tested(testId)}>
    <span className="hs-spinner" aria-hidden="true" />
    <span className={showLabel ? undefined : 'hs-unseen'}>{label}</span>
  </div>
);

export function ProgressBar(props: ProgressBarProps): ReactNode {
  const { title, showPercentage = false, value = 0, valueDescription, variant, testId } = props;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- extensions may still use the older prop
  const most = props.maxValue ?? props.valueMax ?? 100;
  const percent = most === 0 ? 0 : Math.round((Math.min(Math.max(value, 0), most) / most) * 100);
  return (
    <div className={classes('hs-progress', variant !== undefined && `hs-is-${variant}`)} {...tested(testId)}>
      {title === undefined ? null : <div className="hs-label">{title}</div>}
      <div className="hs-with">
        <div
          role="progressbar"
          aria-label={props['aria-label'] ?? title}
          aria-valuenow={value}
          aria-valuemin={0}
          aria-valuemax={most}
          className="hs-bar"
        >
          <div className="hs-bar-fill" style={{ width: `${percent}%` }} />
        </div>
        {showPercentage ? <span className="hs-microcopy">{percent} %</span> : null}
      </div>
      {valueDescription === undefined ? null : <div className="hs-microcopy">{valueDescription}</div>}
    </div>
  );
}

export function ScoreCircle({ score, testId }: ScoreProps): ReactNode {
  const variant = score < 34 ? 'danger' : score < 67 ? 'warning' : 'success';
  return (
    <svg
      className={`hs-score hs-is-${variant}`}
      viewBox="0 0 40 40"
      role="img"
      aria-label={`Score: ${score} of 100`}
      {...tested(testId)}
    >
      <circle cx="20" cy="20" r="17" className="hs-score-track" />
      <circle
        cx="20"
        cy="20"
        r="17"
        pathLength={100}
        strokeDasharray={`${score} 100`}
        className="hs-score-arc"
      />
      <text x="20" y="25" textAnchor="middle">
        {score}
      </text>
    </svg>
  );
}

export const Statistics = ({ children, testId }: StatisticsProps): ReactNode => (
  <dl className="hs-statistics" {...tested(testId)}>
    {children}
  </dl>
);

export const StatisticsItem = ({ label, number, children, testId }: StatisticsItemProps): ReactNode => (
  <div {...tested(testId)}>
    <dt>{label}</dt>
    <dd>
      <span className="hs-number">{number}</span>
      {children}
    </dd>
  </div>
);

export function StatisticsTrend({ value, direction, color, testId }: StatisticsTrendProps): ReactNode {
  const isGood = (color ?? (direction === 'increase' ? 'green' : 'red')) === 'green';
  return (
    <span className={classes('hs-trend', isGood ? 'hs-is-success' : 'hs-is-danger')} {...tested(testId)}>
      <span role="img" aria-label={direction}>
        {direction === 'increase' ? '▲' : '▼'}
      </span>{' '}
      {value}
    </span>
  );
}

interface SettingsView extends Children {
  saveBarVisible?: boolean;
  numberOfSettingsChanged?: number;
  onSave?: (...args: unknown[]) => void;
  onCancel?: (...args: unknown[]) => void;
}

export function SettingsView({
  saveBarVisible = false,
  numberOfSettingsChanged,
  onSave,
  onCancel,
  children,
  testId,
}: SettingsView): ReactNode {
  const surface = useSurface();
  const answer = (callback: SettingsView['onSave']) => () =>
    tell(callback, eventOf('click'), reactionsOf(surface));
  return (
    <div {...tested(testId)}>
      {children}
      {saveBarVisible ? (
        <div className="hs-save-bar" role="region" aria-label="Unsaved settings">
          <Button variant="primary" onClick={answer(onSave)}>
            Save
          </Button>
          <Button onClick={answer(onCancel)}>Cancel</Button>
          {numberOfSettingsChanged === undefined ? null : (
            <span className="hs-microcopy">{`${numberOfSettingsChanged} changed`}</span>
          )}
        </div>
      ) : null}
    </div>
  );
}

export function ExpandableText(
  props: Children & {
    maxHeight?: number;
    expandButtonText?: string;
    collapseButtonText?: string;
    expanded?: boolean;
  },
): ReactNode {
  const {
    maxHeight = 80,
    expandButtonText = 'Read more',
    collapseButtonText = 'Read less',
    children,
    testId,
  } = props;
  const [isOpen, setOpen] = useState(props.expanded ?? false);
  return (
    <div {...tested(testId)}>
      <div className="hs-clipped" style={isOpen ? undefined : { maxHeight }}>
        {children}
      </div>
      <button type="button" className="hs-link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? collapseButtonText : expandButtonText}
      </button>
    </div>
  );
}
