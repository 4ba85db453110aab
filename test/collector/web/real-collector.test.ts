import { readFileSync } from 'node:fs';
import { parseJoin } from '@certherd/protocol/join';
import { readCertificate } from '@certherd/x509/certificate';
import test, { type ExecutionContext } from 'ava';
import { type Collector, startCollector } from '../../../collector/app.ts';
import { type Authority, formatAuthority } from '../../../collector/authority.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { startBrowser } from '../../helpers/browser.ts';
import { certificate, day, endpoint, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, temporaryDirectory, testConfig } from '../helpers/real-collector.ts';
import { addUsers, closed, password } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';
import { mint } from '../../helpers/mint.ts';

/** What Chromium writes by itself while the collector is away. */
const refused = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

async function serve(directory: string, webListen?: Authority): Promise<Collector> {
  const config = testConfig(directory, webListen === undefined ? {} : { webListen });
  return startCollector(config, { clock: systemClock, log: silentLog });
}

function pageOf({ webAddress }: Collector): string {
  return `http://${formatAuthority(webAddress)}/`;
}

async function openOn(t: ExecutionContext, url: string, path = '') {
  const browser = await startBrowser();
  t.teardown(browser.close);
  return browser.open(url + path);
}

test.serial('with the real collector: enrolled, proved, an incident and its end, on one page', async (t) => {
  const directory = temporaryDirectory(t);
  const collector = await serve(directory);
  t.teardown(collector.close);
  const { page, problems, requests } = await openOn(t, pageOf(collector));
  await page.locator('h1', { hasText: 'No host yet' }).waitFor();
  await page.locator('.heartbeat.live').waitFor();

  const join = await addToken(directory, formatAuthority(collector.agentAddress), day, Date.now());
  const wire = await begin(join, await enrol(join, 'web-1'));
  t.teardown(() => wire.close());
  await page.locator('.need.unknown').waitFor();

  const old = certificate('old');
  const fresh = certificate('fresh');
  wire.send(snapshotFrame(snapshot(old)));
  await page.locator('.verdict.good h1', { hasText: 'Nothing needs a person' }).waitFor();
  t.regex(
    await page.locator('.proof').innerText(),
    /^1 of 1 endpoint proved in the last hour, the earliest (now|\d+ s ago)\.$/,
  );

  const drift = { served: old.fingerprint, reached: 'configured' as const };
  const notServed = finding({ subject: { kind: 'endpoint', id: endpoint(fresh).id } });
  const incident = { certificates: [old, fresh], endpoints: [endpoint(fresh, drift)], findings: [notServed] };
  wire.send(snapshotFrame(snapshot(fresh, incident)));
  await page.locator('.verdict.critical h1', { hasText: '1 thing needs a person' }).waitFor();
  t.is(
    await page.locator('.need h2').innerText(),
    'shop.example.test on web-1: nginx was not reloaded since the file changed.',
  );
  t.is(await page.locator('.need code').innerText(), 'systemctl reload nginx');
  await page.locator('.tally').getByRole('link', { name: '1 endpoint' }).click();
  await page.locator('table.endpoints').waitFor();
  t.deepEqual(await page.locator('table.endpoints .joint').allInnerTexts(), ['=', '≠']);
  await page.goBack();

  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  wire.send(snapshotFrame(snapshot(fresh)));
  await page.locator('.verdict.good').waitFor();
  await page.locator('.entry', { hasText: 'Step 1 ended.' }).waitFor();
  t.deepEqual(
    problems.filter((problem) => !refused.test(problem)),
    [],
  );
  t.is(requests.filter((address) => address === pageOf(collector)).length, 1, 'the page was loaded once');
  t.deepEqual(
    requests.filter((address) => !address.startsWith(pageOf(collector)) && !address.startsWith('data:')),
    [],
  );
});

test.serial(
  'with the real collector: a certificate is marked as told until it is there itself, and then it can be had',
  async (t) => {
    const directory = temporaryDirectory(t);
    const collector = await serve(directory);
    t.teardown(collector.close);
    const { page, problems } = await openOn(t, pageOf(collector), 'certificates');
    const minted = await mint({ names: ['shop.example.test'] });
    const read = readCertificate(minted.der);
    if (!read.ok) throw new Error(read.failure.detail);
    const { fingerprint } = read.value;
    const join = await addToken(directory, formatAuthority(collector.agentAddress), day, Date.now());
    const identity = await enrol(join, 'web-1');
    const wire = await begin(join, identity, { maxVersion: 4 });
    t.teardown(() => wire.close());
    wire.send(snapshotFrame(snapshot({ ...read.value, notAfter: '2099-01-01T00:00:00.000Z' })));
    const row = page.locator('table.certificates tr[aria-rowindex="2"]');
    await row.getByText('as told').waitFor();
    t.regex(await row.innerText(), /2099/);
    await wire.next('want-certificates');
    wire.send({ type: 'certificates', certificates: [{ fingerprint, der: minted.der.toString('base64') }] });
    await row.getByText('as told').waitFor({ state: 'detached' });
    t.notRegex(await row.innerText(), /2099/);
    await row.getByRole('link').click();
    await page.locator('table.stays tbody tr').nth(2).waitFor();
    t.regex((await page.locator('table.stays tbody').innerText()).replaceAll(/\s+/g, ' '), /served .* web-1 .* now/);
    const own = `/endpoints/${encodeURIComponent(`${identity.agentId}/${endpoint(read.value).id}`)}`;
    await page.goto(new URL(own, page.url()).href);
    await page.locator('table.stays tbody tr').nth(2).waitFor();
    t.regex(
      (await page.locator('table.stays tbody').innerText()).replaceAll(/\s+/g, ' '),
      new RegExp(`served ${fingerprint.slice(0, 8)} .* now`),
    );
    await page.goBack();
    await page.getByText('PEM', { exact: true }).click();
    t.is(await page.locator('.pem pre').innerText(), minted.pem);
    const save = page.getByRole('link', { name: 'Save as a file' });
    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    t.is(download.suggestedFilename(), `${fingerprint}.pem`);
    t.is(readFileSync(await download.path(), 'utf8'), minted.pem);
    t.deepEqual(
      problems.filter((problem) => !refused.test(problem)),
      [],
    );
  },
);

test.serial(
  'with the real collector: an admin signs in, enrols a host from the page, and asks it for a look; the answer is shown',
  async (t) => {
    const directory = temporaryDirectory(t);
    const collector = await serve(directory);
    t.teardown(collector.close);
    await addUsers(directory, { anna: 'admin' });
    await closed(pageOf(collector));
    const { page, problems } = await openOn(t, pageOf(collector), 'hosts');
    await page.getByLabel('Name').fill('anna');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.who', { hasText: 'anna, admin' }).waitFor();
    t.is(new URL(page.url()).pathname, '/hosts', 'back to where it was going');

    await page.getByRole('button', { name: 'Enrol a host' }).click();
    await page.getByRole('button', { name: 'Make a join string' }).click();
    const command = await page.locator('dialog code', { hasText: 'certherd-agent enroll' }).last().innerText();
    await page.getByRole('button', { name: 'Close' }).click();
    const join = parseJoin(command.replace('certherd-agent enroll ', ''));
    if (!join.ok) throw new Error(join.failure);
    const wire = await begin(join.value, await enrol(join.value, 'web-1'), { minVersion: 1, maxVersion: 2 });
    t.teardown(() => wire.close());
    wire.send(snapshotFrame(snapshot(certificate('old'))));

    await page.getByRole('link', { name: 'web-1' }).click();
    await page.getByRole('button', { name: 'Look again web-1' }).click();
    const asked = await wire.next('request');
    t.like(asked, { verb: 'rescan', requester: 'anna', reason: 'on the page of web-1' });
    await page.getByText('web-1 was asked and is at it…').waitFor();
    const answer = event(1, { kind: 'request', detail: { request: asked.id }, summary: 'Looked at everything.' });
    wire.send({ type: 'events', epoch: 'epoch-0001', events: [answer] });
    await page.getByText('Done: Looked at everything.').waitFor();
    await page.locator('.entry', { hasText: 'Looked at everything.' }).waitFor();
    t.deepEqual(problems, []);
  },
);

test.serial('with the real collector: stopped, visible within 5 s; started again, live again', async (t) => {
  const directory = temporaryDirectory(t);
  const first = await serve(directory);
  const { page, problems } = await openOn(t, pageOf(first));
  await page.locator('.heartbeat.live').waitFor();
  await first.close();
  await page.locator('.heartbeat.lost').waitFor({ timeout: 60_000 });

  const second = await serve(directory, first.webAddress);
  t.teardown(second.close);
  await page.locator('.heartbeat.live').waitFor({ timeout: 60_000 });
  t.deepEqual(
    problems.filter((problem) => !refused.test(problem)),
    [],
  );
});
