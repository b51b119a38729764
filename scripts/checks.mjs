// Checks with a sentence each, which go on after one has failed. At the end their number, and an exit status.
export class Checks {
  #passed = 0;
  #failed = 0;

  /** After so many minutes, the program ends as failed. */
  constructor(program, minutes) {
    this.program = program;
    setTimeout(() => {
      this.failed(`it takes longer than ${minutes} minutes`);
      this.finish();
    }, minutes * 60_000).unref();
  }

  /** `body` can return what else there is to say. */
  async check(name, body) {
    try {
      const more = await body();
      this.#passed += 1;
      console.log(`${this.program}: ${name}${typeof more === 'string' ? `: ${more}` : ''}`);
    } catch (error) {
      this.failed(`${name}: ${error.message}`);
    }
  }

  failed(what) {
    this.#failed += 1;
    console.error(`${this.program}: FAILED: ${what}`);
  }

  finish() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exit(this.#failed > 0 ? 1 : 0);
  }
}
