// How long ago something was true.

/** What two clocks say, in milliseconds: one stands still while a computer sleeps, the other can be set back. */
export interface Moment {
  steady: number;
  wall: number;
}

export function moment(): Moment {
  return { steady: performance.now(), wall: Date.now() };
}

/** The last moment at which something was known. */
export class Freshness {
  #moment: Moment | undefined;

  /** It was known at this moment. An earlier moment than the last one changes nothing. */
  at(moment: Moment): void {
    if (!this.#moment || moment.steady > this.#moment.steady) this.#moment = moment;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#moment = undefined;
  }

  /** Milliseconds since then, by the clock that says more; infinity if it was never known. */
  age(now = moment()): number {
    return this.#moment ? Math.max(now.steady - this.#moment.steady, now.wall - this.#moment.wall) : Infinity;
  }
}
