/** A seeded generator (mulberry32). Every concern draws from its own stream, so that one dial never moves another. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** An integer in [0, below). */
  int(below: number): number;
  /** True with probability `rate`; draws nothing when the rate is 0, so an unused dial leaves the stream alone. */
  chance(rate: number): boolean;
  pick<T>(from: readonly T[]): T;
  uuid(): string;
}

export function createRandom(seed: number, stream: string): Random {
  let state = mix(seed, stream);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const hex = (): string =>
    Math.floor(next() * 4_294_967_296)
      .toString(16)
      .padStart(8, '0');
  return {
    next,
    int: (below) => Math.floor(next() * below),
    chance: (rate) => rate > 0 && next() < rate,
    pick: (from) => from[Math.floor(next() * from.length)]!,
    uuid: () => {
      const [a, b, c, d] = [hex(), hex(), hex(), hex()];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
  };
}

/** FNV-1a over the stream's name, started at the seed. */
function mix(seed: number, stream: string): number {
  let hash = (2_166_136_261 ^ seed) >>> 0;
  for (const char of stream) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619) >>> 0;
  return hash;
}
