/** A secret that does not show itself: printed, logged or turned into JSON it says `[secret]`. */
import { inspect } from 'node:util';

const MASK = '[secret]';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself: asked for only where it is used. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

export const revealed = (secrets: readonly Secret[]): string[] => secrets.map((secret) => secret.reveal());
