import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { startCollector } from '../../../collector/app.ts';
import { formatAuthority } from '../../../collector/authority.ts';
import type { Config } from '../../../collector/config.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { axeViolations } from '../../helpers/axe-violations.ts';
import { type OpenPage, startBrowser } from '../../helpers/browser.ts';
import { certificate, day, endpoint, snapshot } from '../helpers/example-snapshot.ts';
import { addToken, temporaryDirectory, testConfig } from '../helpers/real-collector.ts';
import { addApiToken, addUsers, closed, password } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

/** The page of a real collector, to which otto, an operator, has signed in. */
export interface SignedInPage extends OpenPage {
  url: string;
  /** The agent of the one host, web-1. */
  wire: Awaited<ReturnType<typeof begin>>;
  /** Of another operator, "other". */
  authorization: string;
}

const shop = certificate('one');

/** What web-1 looks like with two names. */
export function twoNames() {
  const endpoints = ['shop.example.test', 'pay.example.test'].map((serverName) =>
    endpoint(shop, { id: `${serverName}@0.0.0.0:443/ecdsa`, serverName }),
  );
  return snapshot(shop, { endpoints });
}

export async function openedAsOperator(
  t: ExecutionContext,
  path: string,
  change: Partial<Config> = {},
): Promise<SignedInPage> {
  const directory = temporaryDirectory(t);
  const ports = { clock: systemClock, log: silentLog };
  const collector = await startCollector(testConfig(directory, change), ports);
  t.teardown(collector.close);
  const url = `http://${formatAuthority(collector.webAddress)}/`;
  const join = await addToken(directory, formatAuthority(collector.agentAddress), day, Date.now());
  const wire = await begin(join, await enrol(join, 'web-1'));
  t.teardown(() => wire.close());
  await addUsers(directory, { otto: 'operator' });
  await closed(url);
  const browser = await startBrowser();
  t.teardown(browser.close);
  const open = await browser.open(url + path);
  await open.page.getByLabel('Name').fill('otto');
  await open.page.getByLabel('Password').fill(password);
  await open.page.getByRole('button', { name: 'Sign in' }).click();
  await open.page.locator('.who', { hasText: 'otto, operator' }).waitFor();
  const authorization = `Bearer ${await addApiToken(directory, 'other', 'operator')}`;
  return { ...open, url, wire, authorization };
}

const pictures = fileURLToPath(new URL('../../../test-output/pages', import.meta.url));

/** As a person would see it on a phone, on a display and at a desk, in both themes: nothing scrolls sideways, and axe finds nothing. */
export async function lookedAt(t: ExecutionContext, page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  for (const [width, height, colorScheme] of [
    [390, 844, 'dark'],
    [390, 844, 'light'],
    [3840, 2160, 'dark'],
    [1280, 900, 'dark'],
    [1280, 900, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${width}.png`, fullPage: width < 2000 });
    t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} at ${width}`);
  }
  t.deepEqual(await axeViolations(page), [], name);
}
