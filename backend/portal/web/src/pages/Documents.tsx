/** The documents, and sending one: in pieces, with progress, going on by itself after a break. */
import { useId, useRef, useState } from 'react';
import type { CreationMeta, Me } from '@tallystick/shared/messages';
import { FILE, formOf, formPlace } from '../editing.ts';
import type { Known } from '../known.ts';
import { CASES, COMPANY, MESSAGES } from '../layout.ts';
import { Card, Loading, Title } from '../parts/basics.tsx';
import { Choice, CreationForm } from '../parts/CreationForm.tsx';
import { atOf, FileLink, valueOf } from '../parts/Messages.tsx';
import { Pending } from '../parts/Pending.tsx';
import { instantOf } from '../values.ts';
import { WORDS } from '../words.ts';
import { useList, useMe, useSending, useWorld } from '../world.tsx';

export function Documents() {
  const me = useMe();
  const { records, state } = useList(MESSAGES.object);
  const upload = me.creations.find(({ name }) => name === MESSAGES.upload);
  const documents = records.filter((known) => valueOf(known, MESSAGES.fileName) !== null);
  return (
    <>
      <Title>{WORDS.nav.documents}</Title>
      {upload !== undefined && <Upload upload={upload} />}
      <Card>
        {documents.length === 0 &&
          (state === 'loading' ? <Loading /> : <p className="soft">{WORDS.noDocuments}</p>)}
        <ul className="messages">
          {documents.map((known) => (
            <li key={known.id} data-id={known.id}>
              <FileLink known={known} />
              {valueOf(known, MESSAGES.text) !== null && (
                <p className="long">{valueOf(known, MESSAGES.text)}</p>
              )}
              <p className="soft">
                {valueOf(known, MESSAGES.author) ?? ''} · {instantOf(atOf(known))}
              </p>
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}

function Upload({ upload }: { upload: CreationMeta }) {
  const me = useMe();
  const cases = useList(CASES.object).records;
  const { account } = useWorld();
  const fileId = useId();
  const input = useRef<HTMLInputElement>(null);
  const stop = useRef<AbortController | null>(null);
  // Sent once: when only the form is refused, the file need not travel again.
  const sent = useRef<{ file: File; uploadId: string } | null>(null);
  const [place, setPlace] = useState<string | null>(null);
  const [progress, setProgress] = useState<{ percent: number; paused: boolean } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const places = placesFor(upload, me, cases);
  const [object = '', id = ''] = (place ?? places[0]?.value ?? '').split(':');
  const refused = useSending(formPlace(formOf(upload.name, { object, id }), FILE))?.problem;
  const wrong = problem ?? refused ?? null;
  const send = async (): Promise<{ uploadId: string } | null> => {
    const file = input.current?.files?.[0];
    setProblem(file === undefined ? WORDS.chooseFile : null);
    if (file === undefined) return null;
    if (sent.current?.file === file) return { uploadId: sent.current.uploadId };
    stop.current = new AbortController();
    try {
      const uploadId = await account.client.upload(file, file.name, {
        signal: stop.current.signal,
        onProgress: (done, of) =>
          setProgress({ percent: Math.floor((done / Math.max(1, of)) * 100), paused: false }),
        onPause: (paused) => setProgress((before) => ({ percent: before?.percent ?? 0, paused })),
      });
      sent.current = { file, uploadId };
      return { uploadId };
    } catch (error) {
      if (!stop.current.signal.aborted) setProblem(account.failed(error));
      return null;
    } finally {
      setProgress(null);
    }
  };
  const done = (): void => {
    sent.current = null;
    if (input.current !== null) input.current.value = '';
  };
  return (
    <Card title={upload.label}>
      <CreationForm creation={upload} on={{ object, id }} before={send} onDone={done}>
        {places.length > 1 && (
          <Choice
            label={WORDS.on}
            value={place ?? places[0]?.value ?? null}
            options={places}
            onChange={setPlace}
          />
        )}
        <div className="form-field">
          <label htmlFor={fileId}>{WORDS.choosing}</label>
          <input id={fileId} ref={input} type="file" aria-invalid={wrong !== null} />
          {wrong !== null && (
            <p className="problem" role="alert">
              {wrong}
            </p>
          )}
        </div>
        {progress !== null && (
          <div className="progress">
            <progress max={100} value={progress.percent} aria-label={upload.label} />
            <span>{progress.paused ? WORDS.uploadPaused : WORDS.uploadStep(progress.percent)}</span>
            <button type="button" onClick={() => stop.current?.abort()}>
              {WORDS.stop}
            </button>
          </div>
        )}
      </CreationForm>
      <Pending creation={upload.name} />
    </Card>
  );
}

/** What a document may hang on: a company, or a case. */
function placesFor(
  upload: CreationMeta,
  me: Me,
  cases: readonly Known[],
): { value: string; label: string }[] {
  return [
    ...(upload.on.includes(COMPANY)
      ? me.companies.map(({ id, name }) => ({ value: `${COMPANY}:${id}`, label: name }))
      : []),
    ...(upload.on.includes(CASES.object)
      ? cases.map(({ id, view }) => ({ value: `${CASES.object}:${id}`, label: view?.title ?? id }))
      : []),
  ];
}
