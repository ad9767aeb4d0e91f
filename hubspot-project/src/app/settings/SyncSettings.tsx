/** Settings: is the connection sound, what is paused, and who may do what. */
import { Flex, hubspot, Tab, Tabs } from '@hubspot/ui-extensions';
import { useQuestion } from '@tallystick/kit/desk';
import { Answered } from '@tallystick/kit/Failure';
import type { SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { ReactNode } from 'react';
import { Checks } from './Checks.tsx';
import { Pauses } from './Pauses.tsx';
import { People } from './People.tsx';

hubspot.extend<'settings'>(() => <SyncSettings />);

export function SyncSettings(): ReactNode {
  const question = useQuestion<SettingsAnswer>('settings');
  return (
    <Answered question={question} label="Checking the connection …">
      {(settings) => (
        <Flex direction="column" gap="md">
          <Tabs defaultSelected="connection">
            <Tab tabId="connection" title="Connection">
              <Checks
                checks={settings.checks}
                mayTest={settings.role === 'admin'}
                onAgain={question.reload}
              />
            </Tab>
            <Tab tabId="pauses" title={`Pauses (${settings.pauses.length})`}>
              <Pauses settings={settings} onDone={question.reload} />
            </Tab>
            <Tab tabId="people" title="People">
              <People settings={settings} onDone={question.reload} />
            </Tab>
          </Tabs>
        </Flex>
      )}
    </Answered>
  );
}
