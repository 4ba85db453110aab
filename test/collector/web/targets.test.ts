import { once } from 'node:events';
import { createServer } from 'node:tls';
import { readCertificate } from '@certherd/x509/certificate';
import test from 'ava';
import { logKey } from '../../../collector/scan/transparency/checkpoint.ts';
import { mint } from '../../helpers/mint.ts';
import { startStaticLog } from '../../helpers/static-log.ts';
import { endpoint, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { lookedAt, openedAsOperator } from './signed-in-page.ts';

test.serial(
  'an operator adds a target, sees what it presents and what was found, has it asked now, and removes it; the certificate says where it is seen',
  async (t) => {
    const minted = await mint({ names: ['127.0.0.1', 'shop.example.test'] });
    const read = readCertificate(minted.der);
    if (!read.ok) throw new Error(read.failure.detail);
    const { fingerprint } = read.value;
    const server = createServer({ key: minted.keyPem, cert: minted.pem }, (socket) => void socket.end());
    server.on('connection', (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const address = server.address();
    const target = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

    const log = await startStaticLog(t);
    const logged = await mint({ names: ['pay.example.org', 'www.example.org'], subject: [['O', 'x']] });
    log.add(logged.der);
    log.publish();
    const key = logKey(log.key) ?? t.fail();
    const { page, problems, url, authorization, wire } = await openedAsOperator(t, 'targets', {
      scanAllow: ['loopback'],
      transparency: { logs: [{ ...log, key }], domains: ['example.org'], fleet: false, everyMs: 60_000, graceMs: 0 },
    });
    const change = (method: string, path: string, body: object) =>
      fetch(`${url}api/v1/${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await change('POST', 'labels', { scope: 'name', pattern: '127.*', labels: { owner: 'payments' } });
    const served = endpoint(read.value, { serverName: 'shop.example.test' });
    wire.send(snapshotFrame(snapshot(read.value, { endpoints: [served] })));
    await page.getByText('Nothing is asked from outside yet.').waitFor();
    const dialog = page.getByRole('dialog', { name: 'Add a target' });
    await page.getByRole('button', { name: 'Add a target' }).click();
    await dialog.getByLabel('A name or an address').fill('192.0.2.0/24');
    await page.keyboard.press('Enter');
    await dialog.getByText('Not added: That is a range').waitFor();
    await dialog.getByLabel('A name or an address').fill(target);
    await dialog.getByLabel('Asked every').selectOption('1 d');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    const row = page.locator('table.targets tbody:not(.space) tr').filter({ hasText: target });
    await row.getByText('target-untrusted').waitFor();
    t.regex(
      (await row.innerText()).replaceAll(/\s+/g, ' '),
      /the collector 127\.0\.0\.1 .*(?:now|s ago|min ago) payments$/,
    );
    await lookedAt(t, page, 'targets-list');

    await row.getByRole('link', { name: target }).click();
    await page.locator('#findings', { hasText: 'does not lead to a root that is trusted here' }).waitFor();
    await page.locator('table.stays tbody tr').waitFor();
    t.regex((await page.locator('#places').innerText()).replaceAll(/\s+/g, ' '), /Chain not trusted.* Staple none/);
    const looked = () => page.locator('.card time').first().getAttribute('datetime');
    const before = await looked();
    await page.getByRole('button', { name: 'Look now' }).click();
    await page.waitForFunction(
      (then) => document.querySelector('.card time')?.getAttribute('datetime') !== then,
      before,
    );
    await page.getByRole('button', { name: 'Look now' }).waitFor();
    await lookedAt(t, page, 'targets-one');

    await page
      .locator('#places')
      .getByRole('link', { name: fingerprint.slice(0, 8) })
      .click();
    await page.locator('#outside', { hasText: target }).waitFor();
    t.regex(
      (await page.locator('#outside').innerText()).replaceAll(/\s+/g, ' '),
      /^Seen from outside 1 .* at 127\.0\.0\.1 from the collector, since/,
    );
    await page.locator('#outside').getByRole('link').click();
    await page.getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('button', { name: 'Remove it now' }).click();
    await page.getByText('Nothing is asked from outside yet.').waitFor();

    await page.getByRole('link', { name: 'What transparency logs tell' }).click();
    t.is(await page.getByRole('navigation', { name: 'Pages' }).locator('[aria-current=true]').innerText(), 'Targets');
    const json = page.getByRole('contentinfo').getByRole('link', { name: /api.v1/ });
    t.is(await json.getAttribute('href'), '/api/v1/transparency?held=false');
    const told = page.locator('table.logged tbody tr');
    await told.getByText('unexpected-certificate').waitFor();
    t.true((await told.innerText()).includes(logged.x509.serialNumber));
    t.regex(await page.locator('table.unlisted tbody').innerText(), /pay\.example\.org[^]*www\.example\.org/);
    t.regex((await page.locator('table.logs').innerText()).replaceAll(/\s+/g, ' '), /2026h2 read 1 of 1/);
    await lookedAt(t, page, 'transparency');
    t.deepEqual(
      problems.filter((problem) => !/status of 422/.test(problem)),
      [],
    );
  },
);
