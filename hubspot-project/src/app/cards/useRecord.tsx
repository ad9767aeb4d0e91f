/** The record's state, kept up to date while the card is open. */
import { useExtensionActions, useExtensionContext } from '@hubspot/ui-extensions';
import { BUSY, useDesk } from '@tallystick/kit/desk';
import type { DeskRecord, DeskRefusal, DeskRole, RecordAnswer } from '@tallystick/shared/deskMessages';
import { useCallback, useEffect, useRef, useState } from 'react';

const AGAIN_MIN_MS = 1_000;
const AGAIN_UNREACHABLE_MS = 5_000;
/** A record on which nothing has moved for a while is looked at less often. */
const QUIET_AFTER_MS = 120_000;
const AGAIN_QUIET_MS = 10_000;

export interface Place {
  objectType: string;
  recordId: string;
}

export interface Watched {
  place: Place;
  record: DeskRecord | null;
  role: DeskRole;
  refusal: DeskRefusal | null;
  /** Ask now, not at the next turn. */
  reload: () => void;
  /** What a decision answered: shown at once, and the record page is told. */
  onFresh: (record: DeskRecord) => void;
}

type Location = 'crm.record.tab';

/**
 * One request at a time: the next is asked for when the last was answered, as soon as the desk suggests (seldom while
 * nothing moves), and at once when somebody changes the record on HubSpot's own page.
 */
export function useRecord(): Watched {
  const { crm } = useExtensionContext<Location>();
  const { onCrmPropertiesUpdate, refreshObjectProperties } = useExtensionActions<Location>();
  const desk = useDesk();
  const [record, setRecord] = useState<DeskRecord | null>(null);
  const [role, setRole] = useState<DeskRole>('viewer');
  const [refusal, setRefusal] = useState<DeskRefusal | null>(null);
  const look = useRef<() => void>(() => undefined);
  const known = useRef<string | null>(null);
  const objectType = crm.objectTypeId;
  const recordId = String(crm.objectId);

  useEffect(() => {
    const turn = { isOver: false, isAsking: false, isWanted: false };
    // Asked through functions: both change while an answer is waited for.
    const isOver = (): boolean => turn.isOver;
    const isWanted = (): boolean => turn.isWanted;
    let movedAt = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      if (turn.isAsking) {
        turn.isWanted = true;
        return;
      }
      turn.isAsking = true;
      turn.isWanted = false;
      const said = await desk.ask<RecordAnswer>('record', { objectType, recordId, known: known.current });
      turn.isAsking = false;
      if (isOver()) return;
      if (said.ok) {
        known.current = said.version;
        setRole(said.role);
        if (said.record !== null) {
          movedAt = Date.now();
          setRecord(said.record);
        }
      }
      if (said.ok || said.code !== BUSY.code) setRefusal(said.ok ? null : said);
      const isQuiet = Date.now() - movedAt > QUIET_AFTER_MS;
      const againMs = said.ok
        ? Math.max(AGAIN_MIN_MS, said.againMs, isQuiet ? AGAIN_QUIET_MS : 0)
        : AGAIN_UNREACHABLE_MS;
      timer = setTimeout(() => void ask(), isWanted() ? AGAIN_MIN_MS : againMs);
    };
    look.current = () => void ask();
    void ask();
    return () => {
      turn.isOver = true;
      clearTimeout(timer);
    };
  }, [desk, objectType, recordId]);

  useEffect(() => {
    onCrmPropertiesUpdate('*', () => look.current());
  }, [onCrmPropertiesUpdate]);

  const onFresh = useCallback(
    (fresh: DeskRecord) => {
      known.current = null;
      setRecord(fresh);
      refreshObjectProperties();
      look.current();
    },
    [refreshObjectProperties],
  );
  const reload = useCallback(() => look.current(), []);
  return { place: { objectType, recordId }, record, role, refusal, reload, onFresh };
}
