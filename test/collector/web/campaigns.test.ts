import test from 'ava';
import { formatAuthority } from '../../../collector/authority.ts';
import { startCollector } from '../../../collector/app.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { startBrowser } from '../../helpers/browser.ts';
import { certificate, day, endpoint, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, temporaryDirectory, testConfig } from '../helpers/real-collector.ts';
import { addUsers, closed, password } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const host = { name: 'web-1', agentVersion: '0.1.0', platform: 'Debian 12', mode: 'renew' as const };

test('on the page an operator sees whom a campaign touches before the button, and then what is served, why it paused, and goes on', async (t) => {
  const directory = temporaryDirectory(t);
  const collector = await startCollector(testConfig(directory), { clock: systemClock, log: silentLog });
  t.teardown(collector.close);
  const url = `http://${formatAuthority(collector.webAddress)}/`;
  await addUsers(directory, { otto: 'operator' });
  await closed(url);
  const join = await addToken(directory, formatAuthority(collector.agentAddress), day, Date.now());
  const wire = await begin(join, await enrol(join, 'web-1'), { minVersion: 1, maxVersion: 2 });
  t.teardown(() => wire.close());
  const old = certificate('old', { key: 'RSA 2048', algorithm: 'rsa', issuer: 'O=Old <b>CA</b>, CN=R1' });
  wire.send(snapshotFrame(snapshot(old, { host, endpoints: [endpoint(old)] })));

  const browser = await startBrowser();
  t.teardown(browser.close);
  const { page, problems } = await browser.open(`${url}campaigns`);
  await page.getByLabel('Name').fill('otto');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('None yet.').waitFor();

  await page.getByRole('button', { name: 'Show the plan' }).click();
  await page.getByText('nothing is selected').waitFor();
  await page.getByLabel('Issuer').fill('old*');
  t.is(await page.getByText('nothing is selected').count(), 0, 'what was planned before is gone');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await page.getByText('A renewal asks the CA that the lineage names').waitFor();
  t.regex(
    await page.locator('.report-figures').innerText(),
    /^certificates\s+1\s+lineages\s+1\s+hosts\s+1\s+endpoints\s+1/,
  );
  t.regex(await page.locator('table.planned tbody tr').innerText(), /^1\s+shop on web-1: /);
  await page.getByLabel('Why, for the history').fill('the CA revokes');
  await page.getByRole('button', { name: 'Replace 1 certificate' }).click();
  await page.locator('h1', { hasText: 'Issuer old*' }).waitFor();
  await page.locator('table.members .mark', { hasText: 'asked' }).waitFor();
  t.regex(
    await page.locator('table.members tbody tr').innerText(),
    /still to come: shop\.example\.test@0\.0\.0\.0:443/,
  );

  const answer = async (seq: number, ok: boolean, summary: string) => {
    const { id } = await wire.next('request');
    const answered = event(seq, { kind: 'renewal', ok, summary, detail: { request: id } });
    wire.send({ type: 'events', epoch: 'epoch-0001', events: [answered] });
  };
  await answer(1, false, 'DNS problem <i>');
  await page.locator('.campaign-state', { hasText: 'paused' }).waitFor();
  t.regex(await page.locator('.campaign-state').innerText(), /shop on web-1: the renewal failed: DNS problem <i>$/);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByLabel('Why, for the history').fill('DNS is mended');
  await page.getByRole('button', { name: 'Resume now' }).click();
  await answer(2, true, 'renewed');
  const fresh = certificate('fresh', { notBefore: new Date().toISOString() });
  wire.send(snapshotFrame(snapshot(fresh, { host, endpoints: [endpoint(fresh)] })));
  await page.locator('.campaign-state', { hasText: 'done' }).waitFor();
  t.regex(await page.locator('.waves').innerText(), /1: the first one\s+1 of 1 served/);
  t.is(await page.getByRole('button', { name: 'Abort' }).count(), 0);
  await page.setViewportSize({ width: 390, height: 900 });
  t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing scrolls sideways');
  await page.getByRole('link', { name: 'All campaigns' }).click();
  t.regex(await page.locator('table.campaigns tbody tr').innerText(), /done[^]*Issuer old\*[^]*1 of 1/);
  t.true(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nor there');
  t.deepEqual(
    problems.filter((problem) => !/status of 4\d\d/.test(problem)),
    [],
  );
});
