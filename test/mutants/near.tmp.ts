import { ROOMS } from './rooms.ts';
const n: Record<string, number> = {};
for (const room of ROOMS) if (room.name !== 'law') for (const m of room.mutants) { const k = room.name + ' ' + m.near[0]!; n[k] = (n[k] ?? 0) + 1; }
console.log(n);
