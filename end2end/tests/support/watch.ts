// Watches every page of every browser context of a test, and reports everything that the test did not announce:
// console errors and warnings, uncaught errors, violations of the Content-Security-Policy, requests to other origins.

import { STATUS_CODES } from 'node:http';
import { type Browser, type BrowserContext, expect } from '@playwright/test';

type Line = { text: string | RegExp; path: string | RegExp; seen: boolean; certain: boolean };

export class Watch {
  private readonly objections: string[] = [];
  private readonly announced: Line[] = [];
  private readonly origins: Set<string>;
  private readonly errors: string[] = [];
  private readonly prepared: Promise<void>[] = [];

  constructor(browser: Browser, ownOrigin: string) {
    this.origins = new Set([ownOrigin]);
    browser.on('context', this.follow);
    this.detach = () => browser.off('context', this.follow);
  }

  readonly detach: () => void;

  /**
   * This test causes exactly this console line, about the file at this path, at least once.
   * An expression must match the whole line. Not `certain`: Chromium writes it or not, by its own clock.
   */
  announce(text: string | RegExp, path: string | RegExp, { certain = true } = {}): void {
    for (const whole of [text, path]) {
      if (whole instanceof RegExp) expect(whole.source, 'covers the whole line').toMatch(/^\^.*\$$/);
    }
    this.announced.push({ text, path, seen: false, certain });
  }

  /** What Chromium itself writes for an answer with this status. */
  announceStatus(status: number, path: string, { certain = true } = {}): void {
    const line = `the server responded with a status of ${status} (${STATUS_CODES[status]})`;
    this.announce(`Failed to load resource: ${line}`, path, { certain });
  }

  /** What it writes when a page learns that its session has ended: for the call, and for the renewal that says why. */
  announceEnd(path = '/api/greeting'): void {
    this.announceStatus(401, path);
    this.announceStatus(401, '/api/refresh');
  }

  /** What Chromium itself writes for a request without an answer. */
  announceFailure(
    error: 'ERR_FAILED' | 'ERR_CONNECTION_REFUSED' | 'ERR_INTERNET_DISCONNECTED', path: string | RegExp, { certain = true } = {},
  ): void {
    this.announce(`Failed to load resource: net::${error}`, path, { certain });
  }

  /** This test makes scripts of the page fail, with these messages. */
  announceErrors(messages: string[]): void {
    this.errors.push(...messages);
  }

  /** Without the glue script the preloaded WASM file is not used; after some seconds Chromium says so. */
  tolerateUnusedProgram(): void {
    const said = "was preloaded using link preload but not used within a few seconds from the window's load event";
    const advice = 'Please make sure it has an appropriate `as` value and it is preloaded intentionally';
    const line = new RegExp(`^The resource http:\\S+/pkg/handstamp\\S*\\.wasm ${said}\\. ${advice}\\.$`);
    this.announce(line, /^\/\w*$/, { certain: false });
  }

  /** A door shown as a page names no icon, and Chromium asks for one itself. */
  tolerateMissingIcon(): void {
    this.announceStatus(404, '/favicon.ico', { certain: false });
  }

  /** This test plays a foreign site. */
  announceOrigin(origin: string): void {
    this.origins.add(origin);
  }

  /** The watch is set up in every open context. */
  async ready(): Promise<void> {
    await Promise.all(this.prepared);
  }

  /** Every announced line has come. Checked while the pages are still open, because a line may still arrive. */
  async settle(): Promise<void> {
    const missing = () => this.announced.filter(line => line.certain && !line.seen).map(line => `${line.text} at ${line.path}`);
    await expect.poll(missing, 'announced console lines that never came').toEqual([]);
  }

  expectNothingElse(): void {
    expect(this.objections, 'unannounced console lines, errors and requests').toEqual([]);
  }

  private readonly follow = (context: BrowserContext): void => {
    context.on('console', message => {
      if (!['error', 'warning'].includes(message.type())) return;
      const { url } = message.location();
      this.hear(message.text(), url ? new URL(url).pathname : '');
    });
    context.on('weberror', problem => {
      const { message, stack } = problem.error();
      if (!this.errors.includes(message)) this.objections.push(`page error: ${stack}`);
    });
    context.on('request', request => {
      const url = new URL(request.url());
      const local = ['data:', 'blob:', 'about:'].includes(url.protocol);
      if (!local && !this.origins.has(url.origin)) this.objections.push(`request to ${url.origin}`);
    });
    // Chromium writes no violation to the console if a policy only blocks quietly; the event always comes.
    this.prepared.push(
      context.addInitScript(() => {
        addEventListener('securitypolicyviolation', event => {
          console.error(`violation of ${event.effectiveDirective}: ${event.blockedURI}`);
        });
      }).then(() => undefined),
    );
  };

  private hear(text: string, path: string): void {
    const lines = this.announced.filter(line => same(line.text, text) && same(line.path, path));
    for (const line of lines) line.seen = true;
    if (lines.length === 0) this.objections.push(`console: ${text} at ${path}`);
  }
}

function same(announced: string | RegExp, actual: string): boolean {
  return typeof announced === 'string' ? announced === actual : announced.test(actual);
}
