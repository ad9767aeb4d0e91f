import { ROOMS } from './rooms.ts';
for (const room of ROOMS) if (room.name !== 'law') for (const m of room.mutants) console.log(m.near[0], m.id, room.name);
