/** HubSpot's files: kept privately, read through an address that is signed and soon expires (docs: files guide). */
import * as answers from './answers.ts';
import type { Call } from './crm.ts';
import { mapped, type Answer } from './transport.ts';

const FILES = '/files/2026-03/files';
const FOLDER = '/portal-uploads';
/** Long enough to fetch the file once. */
const ADDRESS_LIFE_S = 60;

export interface NewFile {
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface FilePort {
  /** Keeps it privately; answers with its id. Sent again after a call nobody answered it may be kept twice. */
  keepFile(file: NewFile): Promise<Answer<string>>;
  /** Where the file can be fetched for a minute. */
  readAddress(fileId: string): Promise<Answer<{ url: string; name: string }>>;
}

export function files(call: Call): FilePort {
  return {
    keepFile: async ({ name, type, bytes }) => {
      const form = new FormData();
      form.set('file', new Blob([bytes], { type }), name);
      form.set('fileName', name);
      form.set('folderPath', FOLDER);
      form.set('options', JSON.stringify({ access: 'PRIVATE' }));
      return mapped(await call({ method: 'POST', path: FILES, form }, answers.fileAnswer), ({ id }) => id);
    },
    readAddress: async (fileId) => {
      const path = `${FILES}/${encodeURIComponent(fileId)}/signed-url`;
      const query = { expirationSeconds: String(ADDRESS_LIFE_S) };
      const answer = await call({ method: 'GET', path, query }, answers.addressAnswer);
      return mapped(answer, ({ url, name, extension }) => ({
        url,
        name: extension === '' ? name : `${name}.${extension}`,
      }));
    },
  };
}
