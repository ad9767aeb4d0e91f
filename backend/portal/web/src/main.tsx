/** Puts the pages together: the only place that reads the clock, the storage and the random source. */
import { createPortalClient } from '@tallystick/shared/portalClient';
import type { Ownership } from '@tallystick/shared/defineOwnership';
import { platformHere } from '@tallystick/shared/portalPlatform';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createAccount } from './account.ts';
import { serviceBase } from './address.ts';
import { App } from './App.tsx';
import { createDrafts } from './drafts.ts';
import { createEditing } from './editing.ts';
import { otherWindows } from './windows.ts';
import { WorldProvider, type World } from './world.tsx';
import './brand.css';
import './base.css';
import './parts.css';

const TICK_MS = 1_000;
/** A window that nobody looks at for so long lets its live connection go; it comes back with its place. */
const HIDDEN_MS = 60_000;

const platform = platformHere();
const drafts = createDrafts(storageHere());
const client = createPortalClient<Ownership>({ baseUrl: serviceBase, platform });
const account = createAccount(client, drafts, platform.now);
const world: World = {
  account,
  drafts,
  editing: createEditing(account, drafts, platform.newId),
  clock: tickingClock(),
};
otherWindows.hear({ signedIn: () => void account.signedInAnew(), signedOut: () => account.leave() });
watchVisibility();
void account.start();

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <WorldProvider world={world}>
        <App />
      </WorldProvider>
    </StrictMode>,
  );

function tickingClock(): World['clock'] {
  const listeners = new Set<() => void>();
  let now = Date.now();
  setInterval(() => {
    now = Date.now();
    for (const listener of listeners) listener();
  }, TICK_MS);
  return {
    now: () => now,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function watchVisibility(): void {
  let stop: () => void = () => undefined;
  document.addEventListener('visibilitychange', () => {
    stop();
    const { phase, again } = account.get();
    if (document.visibilityState === 'hidden') stop = platform.after(HIDDEN_MS, () => account.visible(false));
    else if (phase !== 'signed-in' || again === 'expired') void account.start();
    else account.visible(true);
  });
}

function storageHere(): Storage | null {
  try {
    return globalThis.sessionStorage;
  } catch {
    return null; // forbidden in this browser
  }
}
