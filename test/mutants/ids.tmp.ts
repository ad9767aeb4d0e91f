import { ROOMS } from './rooms.ts';
const quick = new Set(process.argv.slice(2));
for (const room of ROOMS)
  if (room.name !== 'law') for (const m of room.mutants) if (quick.has(m.near[0]!)) console.log(m.id);
