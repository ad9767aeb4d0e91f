/** One case with its conversation, and the form that raises one. */
import { useState } from 'react';
import type { Receipt } from '@tallystick/shared/messages';
import { CASES, LISTS, MESSAGES } from '../layout.ts';
import { Card, Link, Title } from '../parts/basics.tsx';
import { CreationForm } from '../parts/CreationForm.tsx';
import { Fields } from '../parts/Fields.tsx';
import { Messages } from '../parts/Messages.tsx';
import { Pending } from '../parts/Pending.tsx';
import { WORDS } from '../words.ts';
import { useMe } from '../world.tsx';
import { RecordPage } from './RecordPage.tsx';

export function Case({ id }: { id: string }) {
  return (
    <RecordPage object={CASES.object} id={id}>
      {(known) => (
        <>
          <Card>
            <Fields known={known} />
          </Card>
          <Conversation id={id} />
        </>
      )}
    </RecordPage>
  );
}

function Conversation({ id }: { id: string }) {
  const me = useMe();
  const comment = me.creations.find(({ name }) => name === MESSAGES.comment);
  if (me.objects[MESSAGES.object] === undefined) return null;
  const on = { object: CASES.object, id };
  return (
    <Card title={WORDS.conversation}>
      <Messages on={on} />
      {/* What was just written is a message as soon as our records hold it. */}
      <Pending creation={MESSAGES.comment} />
      {comment !== undefined && <CreationForm creation={comment} on={on} onDone={() => undefined} />}
    </Card>
  );
}

export function RaiseCase() {
  const me = useMe();
  const [made, setMade] = useState<Receipt | null>(null);
  const raise = me.creations.find(({ name }) => name === CASES.raise);
  if (raise === undefined) return <Title>{WORDS.notHere}</Title>;
  return (
    <>
      <Title>{raise.label}</Title>
      <Card>
        {made === null ? (
          <CreationForm creation={raise} on={null} onDone={setMade} />
        ) : (
          <>
            <p>{WORDS.onItsWay}</p>
            <Pending creation={raise.name} editId={made.editId} page={LISTS.cases.page} />
            <p>
              <Link to={`/${LISTS.cases.page}`}>{WORDS.all(me.objects[CASES.object]?.label.many ?? '')}</Link>
            </p>
          </>
        )}
      </Card>
    </>
  );
}
