/** The journal of all records, searched. */
import { Flex, Input, Select } from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { useQuestion } from '@tallystick/kit/desk';
import { Entries, Pager } from '@tallystick/kit/Entries';
import { Answered } from '@tallystick/kit/Failure';
import { PlaceSelects } from '@tallystick/kit/PlaceSelects';
import { KINDS } from '@tallystick/kit/words';
import type { HistoryAnswer, SettingsAnswer } from '@tallystick/shared/deskMessages';
import { useState, type ReactNode } from 'react';

export function Activity(): ReactNode {
  const [filter, setFilter] = useState({ object: '', recordId: '', field: '', kind: '', before: '' });
  const settings = useQuestion<SettingsAnswer>('settings');
  const question = useQuestion<HistoryAnswer>('activity', filter);
  const choose = (change: Partial<typeof filter>) => setFilter({ ...filter, before: '', ...change });
  return (
    <>
      <PageTitle>Activity</PageTitle>
      <Flex gap="sm" wrap>
        <PlaceSelects objects={settings.answer?.objects ?? []} chosen={filter} choose={choose} />
        <Select
          name="kind"
          label="Kind"
          value={filter.kind}
          options={[...KINDS]}
          onChange={(value) => choose({ kind: String(value) })}
        />
        <Input
          name="recordId"
          label="Record id"
          value={filter.recordId}
          onChange={(value) => choose({ recordId: value.trim() })}
        />
      </Flex>
      <Answered question={question} label="Reading the journal …">
        {({ entries, next }) => (
          <Flex direction="column" gap="sm">
            <Entries entries={entries} showPlace />
            <Pager
              isFirst={filter.before === ''}
              next={next}
              onOlder={() => choose({ before: next === null ? '' : String(next) })}
              onNewest={() => choose({})}
            />
          </Flex>
        )}
      </Answered>
    </>
  );
}
