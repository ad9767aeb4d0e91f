/** The other windows of this browser: who signs in or out in one of them does so in all. */

type News = 'signed-in' | 'signed-out';

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('tallystick') : null;

export const otherWindows = {
  tell: (news: News): void => channel?.postMessage(news),
  hear: ({ signedIn, signedOut }: { signedIn: () => void; signedOut: () => void }): void => {
    channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data === 'signed-in') signedIn();
      if (data === 'signed-out') signedOut();
    });
  },
};
