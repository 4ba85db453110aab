import type { ExecutionContext, TestFn } from 'ava';
import type { Estate } from '../../../collector/serve/estate.ts';
import { type OpenBrowser, type OpenPage, startBrowser, type View } from '../../helpers/browser.ts';
import { type PageServer, servePage } from './page-server.ts';

/** The page in a browser, its server behind it. */
export interface Opened extends OpenPage {
  readonly server: PageServer;
}

interface Circumstances {
  readonly view?: View;
  /** Where it is opened: "hosts". */
  readonly path?: string;
  /** Complaints of the browser that the test brings about. */
  readonly complaints?: RegExp;
  /** The collector's clock. */
  readonly now?: () => Date;
}

type WithPage = (
  t: ExecutionContext,
  estate: Estate,
  body: (opened: Opened) => Promise<void>,
  circumstances?: Circumstances,
) => Promise<void>;

/**
 * One browser for the tests of a file. The function that it gives opens the page on an estate, waits until it is live,
 * runs the body, and closes the page. Whatever the page complained about, and every request that did not go to its own
 * server, fails the test.
 */
export function pagesOf(test: TestFn): WithPage {
  let browser: OpenBrowser;
  test.before(async () => {
    browser = await startBrowser();
  });
  test.after.always(() => browser.close());
  return async (t, estate, body, { view = {}, path = '', complaints = /^$/, now = () => new Date() } = {}) => {
    const server = await servePage(estate, now);
    const open = await browser.open(server.url + path, view);
    try {
      await open.page.locator('.heartbeat.live').waitFor();
      await body({ ...open, server });
      t.deepEqual(
        open.problems.filter((problem) => !complaints.test(problem)),
        [],
      );
      t.deepEqual(
        open.requests.filter((address) => !address.startsWith(server.url) && !address.startsWith('data:')),
        [],
      );
    } finally {
      await open.close();
      await server.close();
    }
  };
}
