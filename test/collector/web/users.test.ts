import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Page } from 'playwright-core';
import { startCollector } from '../../../collector/app.ts';
import { formatAuthority } from '../../../collector/authority.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { startBrowser, type View } from '../../helpers/browser.ts';
import { axeViolations } from '../../helpers/axe-violations.ts';
import { certificate, day, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { until } from '../../helpers/testbed/until.ts';
import { addToken, temporaryDirectory, testConfig } from '../helpers/real-collector.ts';
import { addUsers, closed, password } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const pictures = fileURLToPath(new URL('../../../test-output/pages', import.meta.url));
/** What Chromium writes by itself of answers that are no success. */
const expected = /status of 40[0-9]|status of 422|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/;

test('in a browser: an admin lets somebody in by a link and takes them out, each looks after their own, and the audit tells of it', async (t) => {
  mkdirSync(pictures, { recursive: true });
  const directory = temporaryDirectory(t);
  const collector = await startCollector(testConfig(directory), { clock: systemClock, log: silentLog });
  t.teardown(collector.close);
  const url = `http://${formatAuthority(collector.webAddress)}`;
  const invitation = await addToken(directory, formatAuthority(collector.agentAddress), day, Date.now());
  const wire = await begin(invitation, await enrol(invitation, 'web-1'));
  t.teardown(() => wire.close());
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await addUsers(directory, { anna: 'admin' });
  await closed(url);
  const browser = await startBrowser();
  t.teardown(browser.close);

  const anna = await browser.open(`${url}/users`);
  await signIn(anna.page, 'anna');
  const { page } = anna;
  const rows = page.locator('table.users tbody tr');
  await rows.filter({ hasText: 'anna (you)' }).waitFor();

  // By the keyboard alone.
  await page.getByRole('button', { name: 'Let somebody in' }).press('Enter');
  const dialog = page.locator('dialog[open]');
  await dialog.getByLabel('Name').waitFor();
  await page.keyboard.type('otto');
  await dialog.getByRole('combobox', { name: 'Role' }).selectOption('operator');
  await dialog.getByLabel('Name').press('Enter');
  const link = await dialog.locator('.command code').innerText();
  await page.screenshot({ path: join(pictures, 'users-link.png') });
  await page.keyboard.press('Escape');
  // It is shown once.
  await page.locator('.command code').waitFor({ state: 'detached' });
  const otto = rows.filter({ hasText: 'otto' });
  t.regex(await otto.innerText(), /not yet, link until \d{4}-\d\d-\d\d/);

  const own = await browser.open(link);
  await own.page.getByRole('heading', { name: 'Welcome, otto' }).waitFor();
  await own.page.screenshot({ path: join(pictures, 'invite.png') });
  await own.page.getByLabel('Password').fill(password);
  await own.page.getByRole('button', { name: 'Set it, and sign in' }).click();
  await own.page.locator('.who', { hasText: 'otto, operator' }).waitFor();
  t.is(await own.page.getByRole('navigation').getByRole('link', { name: 'Users' }).count(), 0);
  await own.page.goto(`${url}/audit`);
  await own.page.getByText('This is for admins; otto is operator.').waitFor();

  await own.page.locator('.who').click();
  await own.page.locator('table.sessions', { hasText: '127.0.0.1 (this one)' }).waitFor();
  await own.page.getByRole('button', { name: 'Make an API token' }).click();
  t.deepEqual(await own.page.getByRole('combobox', { name: 'Role' }).locator('option').allInnerTexts(), [
    'viewer',
    'operator',
  ]);
  await own.page.getByLabel('Name').fill('deploy');
  await own.page.getByRole('combobox', { name: 'Good for' }).selectOption('a week');
  await own.page.getByRole('button', { name: 'Make it' }).click();
  const token = await own.page.locator('dialog[open] .command code').innerText();
  const asToken = async () =>
    (await fetch(`${url}/api/v1/hosts`, { headers: { authorization: `Bearer ${token}` } })).status;
  t.is(await asToken(), 200);
  await own.page.getByRole('button', { name: 'Close' }).click();
  await own.page.locator('table.api-tokens', { hasText: 'deploy' }).waitFor();
  for (const view of views) await look(own.page, 'me', view);

  // What is refused says why, and leaves what is shown as it is.
  await page.getByLabel('Role of anna').selectOption('viewer');
  await page.getByText('anna is the last admin: make another one first.').waitFor();
  t.is(await page.getByLabel('Role of anna').inputValue(), 'admin');
  await page.getByLabel('Role of otto').selectOption('viewer');
  await page.getByText('otto is viewer now, and signs in again.').waitFor();
  await own.page.getByRole('alert').filter({ hasText: 'Your session is over' }).waitFor();
  await page.locator('table.api-tokens', { hasText: 'deploy' }).waitFor();
  for (const view of views) await look(page, 'users', view);
  await page.getByRole('button', { name: 'Disable otto' }).click();
  t.is(await page.locator(':focus').innerText(), 'Disable otto now');
  await page.screenshot({ path: join(pictures, 'users-sure.png') });
  await page.keyboard.press('Enter');
  await otto.getByText('disabled').waitFor();
  t.is(await asToken(), 401);
  await page.getByRole('button', { name: 'Remove otto' }).click();
  await page.getByRole('button', { name: 'Remove otto now' }).click();
  await page.getByText('otto is removed.').waitFor();
  await otto.waitFor({ state: 'detached' });

  await page.getByRole('navigation').getByRole('link', { name: 'Audit' }).click();
  const entries = page.locator('table.audit tbody tr');
  await entries.filter({ hasText: 'user-removed' }).waitFor();
  await page.getByRole('searchbox', { name: 'Of what' }).fill('ott');
  await page.getByRole('searchbox', { name: 'Who' }).fill('anna');
  // While another filter is asked for, none is shown.
  const otherWhats = entries.filter({ hasText: 'signed-in' });
  await until('what fits is shown', async () => (await entries.count()) === 5 && (await otherWhats.count()) === 0);
  t.deepEqual(await entries.locator('.what').allInnerTexts(), [
    'user-removed',
    'user-disabled',
    'user-role-changed',
    'user-invited',
    'user-added',
  ]);
  t.regex(page.url(), /\/audit\?subject=ott&actor=anna$/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8').split('\r\n');
  t.is(lines.length, 1 + 5 + 1);
  t.regex(lines[1] ?? '', /^"[^"]+Z","anna","page","user-removed","otto",""$/);
  await page.getByRole('combobox', { name: 'What' }).selectOption('user-added');
  await entries.nth(1).waitFor({ state: 'detached' });
  await page.getByLabel('From').fill('2001-01-01');
  await page.getByLabel('Until').fill('2001-01-02');
  await page.getByText('Nothing fits.').waitFor();
  await page.goto(`${url}/audit`);
  await entries.first().waitFor();
  for (const view of views) await look(page, 'audit', view);
  const controls = await page.locator('.fields').locator('input, select').all();
  const heights = await Promise.all(controls.map(async (one) => (await one.boundingBox())?.height));
  t.deepEqual(
    [heights.length, new Set(heights).size],
    [6, 1],
    `controls in one row are of one height: ${heights.join()}`,
  );
  t.false((await page.locator('main').innerText()).includes(token));
  for (const { problems } of [anna, own])
    t.deepEqual(
      problems.filter((problem) => !expected.test(problem)),
      [],
    );

  async function look(on: Page, name: string, { width = 0, height = 0, colorScheme = 'light' }: View): Promise<void> {
    await on.setViewportSize({ width, height });
    await on.emulateMedia({ colorScheme });
    await on.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: width < 2000 });
    t.true(await on.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} at ${width}`);
    const [live, who] = [await on.locator('.heartbeat').boundingBox(), await on.locator('.who').boundingBox()];
    t.true(
      (who?.x ?? 0) > (live?.x ?? 0) && (who?.y ?? 0) < 40,
      `the name is at the right of the first row at ${width}`,
    );
    if (width > 1000)
      t.true(
        await on.locator('nav').evaluate((nav) => nav.scrollWidth <= nav.clientWidth),
        `the way to pages at ${width}`,
      );
    if (width < 2000) t.deepEqual(await axeViolations(on), [], `${name} at ${width}, ${colorScheme}`);
  }
});

const views: readonly View[] = [
  { width: 390, height: 844, colorScheme: 'dark' },
  { width: 3840, height: 2160, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 1280, height: 900, colorScheme: 'light' },
];

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
