/** Components HubSpot fills with data of its own: the record's properties are known here, the rest is only named. */
import { useEffect, useState, type ReactNode } from 'react';
import { tell, tested, useSurface, type Children } from '../surface.tsx';
import { Button, Link } from './buttons.tsx';
import { DescriptionList, DescriptionListItem } from './tables.tsx';

interface Properties {
  properties?: readonly string[];
  direction?: string;
  testId?: string;
}

/** The values, under the names the properties have; what HubSpot calls them is not known here. */
export function CrmProperties({ properties = [], direction, testId }: Properties): ReactNode {
  const surface = useSurface();
  const [values, setValues] = useState<Record<string, string | null>>({});
  const asked = JSON.stringify(properties);
  useEffect(() => {
    let isOver = false;
    const read = (): void => {
      surface.properties(JSON.parse(asked) as string[]).then(
        (found) => {
          if (!isOver) setValues(found);
        },
        () => undefined,
      );
    };
    read();
    const stop = surface.onRecord(read);
    return () => {
      isOver = true;
      stop();
    };
  }, [surface, asked]);
  return (
    <DescriptionList
      direction={direction === 'row' ? 'row' : 'column'}
      {...(testId === undefined ? {} : { testId })}
    >
      {properties.map((name) => (
        <DescriptionListItem key={name} label={name}>
          {values[name] ?? '--'}
        </DescriptionListItem>
      ))}
    </DescriptionList>
  );
}

/** Where a component of HubSpot's own would stand. */
export const standIn = (name: string, what: string) =>
  function StandIn({ children, testId }: Children): ReactNode {
    return (
      <div className="hs-stand-in" data-component={name} {...tested(testId)}>
        {`${name}: ${what}`}
        {children}
      </div>
    );
  };

interface CrmAction extends Children {
  actionType: string;
  onClick?: () => void;
}

const useCrmAction = (): ((action: CrmAction) => void) => {
  const { addAlert } = useSurface();
  return ({ actionType, onClick }) => {
    tell(onClick);
    addAlert({ type: 'info', title: 'Not in this preview', message: `HubSpot would do here: ${actionType}` });
  };
};

export function CrmActionButton(props: CrmAction & Parameters<typeof Button>[0]): ReactNode {
  const act = useCrmAction();
  return <Button {...props} onClick={() => act(props)} />;
}

export function CrmActionLink(props: CrmAction): ReactNode {
  const act = useCrmAction();
  return (
    <Link
      href="#"
      onClick={() => act(props)}
      {...(props.testId === undefined ? {} : { testId: props.testId })}
    >
      {props.children}
    </Link>
  );
}

interface ActionConfig {
  type: string;
  actionType?: string;
  label?: string;
  disabled?: boolean;
  options?: ActionConfig[];
}

export function CrmCardActions({
  actionConfigs = [],
  testId,
}: {
  actionConfigs?: ActionConfig[];
  testId?: string;
}): ReactNode {
  const act = useCrmAction();
  return (
    <div className="hs-button-row" {...tested(testId)}>
      {actionConfigs
        .flatMap((config) => config.options ?? [config])
        .map(({ actionType = '', label, disabled = false }, index) => (
          <Button
            key={`${actionType} ${index}`}
            size="xs"
            disabled={disabled}
            onClick={() => act({ actionType })}
          >
            {label ?? actionType}
          </Button>
        ))}
    </div>
  );
}

/** Its name only: the bytes do not cross to the extension here. */
export function FileInput({
  name,
  value,
  onChange,
  testId,
}: {
  name: string;
  value?: { name: string };
  onChange?: (event: unknown) => void;
  testId?: string;
}): ReactNode {
  return (
    <input
      type="file"
      name={name}
      aria-label={value?.name ?? name}
      onChange={({ target }) => tell(onChange, { name: target.files?.[0]?.name ?? '' })}
      {...tested(testId)}
    />
  );
}
