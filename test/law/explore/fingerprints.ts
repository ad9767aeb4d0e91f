/** A set of 53-bit fingerprints in two flat arrays: a `Set` of numbers takes most of the time of an exploration. */
export interface Fingerprints {
  /** True when the text was not known before. */
  add(text: string): boolean;
}

const FIRST_SLOTS = 1 << 16;
const FILLED_MAX = 0.6;

/** Two of a few million states share a fingerprint (cyrb53, public domain) with a chance of about one in a thousand. */
export function fingerprints(): Fingerprints {
  let slots = FIRST_SLOTS;
  let high = new Int32Array(slots);
  let low = new Int32Array(slots);
  let filled = 0;

  const place = (h: number, l: number): number => {
    let slot = (l ^ Math.imul(h, 0x9e3779b1)) & (slots - 1);
    while ((high[slot] !== h || low[slot] !== l) && (high[slot] !== 0 || low[slot] !== 0))
      slot = (slot + 1) & (slots - 1);
    return slot;
  };
  const grow = (): void => {
    const [oldHigh, oldLow] = [high, low];
    slots *= 2;
    high = new Int32Array(slots);
    low = new Int32Array(slots);
    for (let i = 0; i < oldHigh.length; i += 1) {
      const [h, l] = [oldHigh[i]!, oldLow[i]!];
      if (h === 0 && l === 0) continue;
      const slot = place(h, l);
      high[slot] = h;
      low[slot] = l;
    }
  };
  return {
    add(text) {
      const [h, l] = hash(text);
      const slot = place(h, l);
      if (high[slot] === h && low[slot] === l) return false;
      high[slot] = h;
      low[slot] = l;
      filled += 1;
      if (filled > slots * FILLED_MAX) grow();
      return true;
    },
  };
}

function hash(text: string): readonly [number, number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return [a | 1 | 0, b | 0]; // never 0, 0: that is an empty slot
}
