/** One process's share of the drawn histories: hears what it is, and tells what it met. */
import { walkShare } from './walkMany.ts';

process.once('message', (share) => {
  process.send?.(walkShare(share as Parameters<typeof walkShare>[0]), () => process.disconnect());
});
