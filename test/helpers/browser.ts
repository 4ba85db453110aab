import { type Browser, chromium, type Page } from 'playwright-core';

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** A page in a real Chromium, and everything it said or asked for. */
export interface OpenPage {
  readonly page: Page;
  /** Uncaught exceptions, console errors and CSP violations, in order. */
  readonly problems: readonly string[];
  /** The address of every request, in order. */
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
}

export interface OpenBrowser {
  /** Opens a page at `url` in a context of its own: no storage shared with other pages. */
  readonly open: (url: string, view?: View) => Promise<OpenPage>;
  readonly close: () => Promise<void>;
}

/** Starts Debian's Chromium without a window. It talks to nobody but the page's own server. */
export async function startBrowser(): Promise<OpenBrowser> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
  return {
    open: (url, view = {}) => openPage(browser, url, view),
    close: () => browser.close(),
  };
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

async function openPage(browser: Browser, url: string, view: View): Promise<OpenPage> {
  const { width = 1280, height = 900, colorScheme = 'light' } = view;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript(reportViolations);
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  return { page, problems, requests, close: () => context.close() };
}

/** Runs in the page: a violation of the content security policy becomes a console error. */
function reportViolations(): void {
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    console.error(`content security policy: ${violatedDirective} ${blockedURI}`);
  });
}
