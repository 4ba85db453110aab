import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import test from 'ava';
import { startCollector } from '../../../collector/app.ts';
import { formatAuthority } from '../../../collector/authority.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { startBrowser } from '../../helpers/browser.ts';
import { certificate, day, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, plainWeb, temporaryDirectory, testConfig } from '../helpers/real-collector.ts';
import { password, withAccounts } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

/** What Chromium writes by itself of answers that are no success. */
const expected = /status of 40[14]|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

test('in a browser: the first user, the page, a session that ends while something is typed, and nothing is lost', async (t) => {
  const directory = temporaryDirectory(t);
  const collector = await startCollector(testConfig(directory), { clock: systemClock, log: silentLog });
  t.teardown(collector.close);
  const url = `http://${formatAuthority(collector.webAddress)}`;
  const invitation = await addToken(directory, formatAuthority(collector.agentAddress), day, Date.now());
  const wire = await begin(invitation, await enrol(invitation, 'web-1'));
  t.teardown(() => wire.close());
  wire.send(snapshotFrame(snapshot(certificate('one'))));

  const browser = await startBrowser();
  t.teardown(browser.close);
  const { page, problems } = await browser.open(`${url}/set-up?token=${collector.setUp}`);
  await page.getByLabel('Name').fill('Anna');
  await page.getByLabel('Password').fill(password);
  await page.screenshot({ path: shot('set-up') });
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.locator('.heartbeat.live').waitFor();
  await page.locator('.who', { hasText: 'anna, admin' }).waitFor();

  await page.goto(`${url}/certificates`);
  const search = page.locator('main input[type=search]');
  await search.fill('shop.example');
  const entry = {
    at: Date.now(),
    actor: 'root',
    via: 'command',
    action: 'user-role-changed',
    subject: 'anna',
    detail: {},
  } as const;
  await withAccounts(directory, (accounts) => accounts.setRole('anna', 'operator', entry));
  await page.getByRole('alert').filter({ hasText: 'Your session is over' }).waitFor();
  await page.screenshot({ path: shot('session-over') });
  t.is(await search.inputValue(), 'shop.example');

  const opened = page.waitForEvent('popup');
  await page.getByRole('alert').getByRole('link', { name: 'Sign in again' }).click();
  const tab = await opened;
  await tab.getByLabel('Name').fill('anna');
  await tab.getByLabel('Password').fill('not the password');
  await tab.getByRole('button', { name: 'Sign in' }).click();
  await tab.getByRole('alert').filter({ hasText: 'The name or the password is wrong.' }).waitFor();
  await tab.screenshot({ path: shot('sign-in') });
  t.is(await tab.getByLabel('Name').inputValue(), 'anna');
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: 'Sign in' }).click();
  await tab.locator('.heartbeat.live').waitFor();

  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.locator('.heartbeat.live').waitFor();
  await page.locator('.who', { hasText: 'anna, operator' }).waitFor();
  t.is(await search.inputValue(), 'shop.example', 'what was typed is there');

  await tab.goto(`${url}/account`);
  await tab.screenshot({ path: shot('account') });
  await tab.getByRole('button', { name: 'Sign out', exact: true }).click();
  await tab.getByRole('button', { name: 'Sign in' }).waitFor();
  await tab.goto(`${url}/hosts`);
  t.true(tab.url().endsWith('/sign-in?next=%2Fhosts'), tab.url());
  t.deepEqual(
    problems.filter((problem) => !expected.test(problem)),
    [],
  );
});

test('in a browser: a wall that is for whoever comes shows the estate, and the rest of the page asks to sign in', async (t) => {
  const directory = temporaryDirectory(t);
  const web = { ...plainWeb, signIn: true, anonymous: 'wall' } as const;
  const collector = await startCollector(testConfig(directory, { web }), { clock: systemClock, log: silentLog });
  t.teardown(collector.close);
  const url = `http://${formatAuthority(collector.webAddress)}`;
  const browser = await startBrowser();
  t.teardown(browser.close);
  const { page, problems } = await browser.open(`${url}/wall`);
  await page.waitForFunction(() => document.documentElement.dataset['connection'] === 'live');
  t.true(page.url().endsWith('/wall'));
  t.is(await page.locator('.session-over').count(), 0);
  await page.goto(`${url}/reports`);
  t.true(page.url().endsWith('/sign-in?next=%2Freports'), page.url());
  t.deepEqual(problems, []);
});

/** For a person to look at, in a folder that git ignores. */
function shot(name: string): string {
  const folder = join(import.meta.dirname, '../../../.cache/screenshots');
  mkdirSync(folder, { recursive: true });
  return join(folder, `account-${name}.png`);
}
