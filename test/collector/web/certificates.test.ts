import { readFileSync } from 'node:fs';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { before, fingerprint } from './example-estate.ts';
import { incidentEstate } from './example-incident.ts';
import { largeEstate } from './large-estate.ts';
import { type Opened, pagesOf } from './opened-page.ts';

const withPage = pagesOf(test);

test.serial(
  'twenty thousand certificates are searched, narrowed down, sorted, scrolled and saved as they are seen',
  async (t) => {
    const count = 20_000;
    const estate = largeEstate(new Date(), count);
    const body = async ({ page, server }: Opened) => {
      const rows = page.locator('table.certificates tr[aria-rowindex]');
      const facets = page.getByRole('group', { name: 'Narrow down' });
      const columns = page.getByRole('group', { name: 'Columns that are shown' });
      const status = page.locator('.page-head [role=status]');
      await rows.nth(20).waitFor({ timeout: 60_000 });
      t.true((await rows.count()) < 100, 'only what is near the screen is in the document');
      t.is(await page.getByRole('table', { name: 'Certificates' }).getAttribute('aria-rowcount'), String(count + 1));

      await page.keyboard.press('End');
      await page.getByRole('link', { name: `name-${count - 1}.example.com` }).waitFor();
      t.is(await rows.last().getAttribute('aria-rowindex'), String(count + 1));
      t.true((await rows.count()) < 100);
      await page.keyboard.press('Home');

      await page.keyboard.press('/');
      await page.keyboard.type('NAME-123 owner=team-4');
      await status.getByText('11 of 20000', { exact: true }).waitFor();
      await facets.getByLabel('Key').selectOption({ label: 'EC prime256v1 (11)' });
      await facets.getByLabel('Environment').selectOption('test');
      await status.getByText('5 of 20000', { exact: true }).waitFor();
      t.is(await facets.getByLabel('Environment').locator('option').nth(1).innerText(), 'production (6)');
      t.is(page.url(), `${server.url}certificates?q=NAME-123+owner%3Dteam-4&key=EC+prime256v1&environment=test`);
      await page.getByRole('button', { name: 'Clear' }).click();
      await status.getByText('11 of 20000', { exact: true }).waitFor();

      await page.getByRole('button', { name: 'Names' }).click();
      await page.getByRole('button', { name: 'Names' }).click();
      t.is(await page.getByRole('columnheader', { name: 'Names' }).getAttribute('aria-sort'), 'descending');
      t.regex(await rows.nth(1).innerText(), /^name-12394/);
      await page.locator('.columns summary').click();
      for (const name of ['Issuer', 'Key', 'Renewed by', 'Endpoints, files', 'State'])
        await columns.getByLabel(name, { exact: true }).uncheck();
      await columns.getByLabel('Fingerprint').check();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: /^CSV/ }).click(),
      ]);
      const [head = '', ...saved] = readFileSync(await download.path(), 'utf8').split('\r\n');
      t.is(download.suggestedFilename(), 'certificates.csv');
      t.is(
        head,
        '\uFEFF"names","notBefore","notAfter","owner","fingerprint"',
        'with a mark, without which spreadsheets misread it',
      );
      t.is(saved.filter(Boolean).length, 11);
      t.true(saved[0]?.startsWith('"name-12394.example.com www.name-12394.example.com","20'));

      await page.goto(`${server.url}certificates`);
      await rows.nth(20).waitFor({ timeout: 60_000 });
      t.is(await page.getByRole('columnheader').count(), 4, 'columns are remembered');
    };
    await withPage(t, estate, body, { path: 'certificates' });
  },
);

test.serial('on a phone a taller card makes all as tall, and what was on the screen stays there', async (t) => {
  const estate = largeEstate(new Date(), 2_000);
  const long = { issuer: 'CN=An authority of many words', key: 'EC of a curve with a long name' };
  const certificates = estate.certificates.map((one, index) => ({
    ...one,
    ...(index === 1_000 ? long : { issuer: 'CN=E7', key: 'EC' }),
  }));
  const body = async ({ page }: Opened) => {
    const rows = page.locator('table.certificates tr[aria-rowindex]');
    const height = async () => (await rows.nth(5).boundingBox())?.height ?? 0;
    const onScreen = async () =>
      page.evaluate(() =>
        Number(document.elementFromPoint(100, 300)?.closest('tr[aria-rowindex]')?.getAttribute('aria-rowindex')),
      );
    // Two frames later the page has heard of a scroll or a resize.
    const heard = async () =>
      page.evaluate(
        () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
      );
    await rows.nth(20).waitFor({ timeout: 60_000 });
    const low = await height();
    await page.evaluate((top) => scrollTo(0, top), low * 985);
    await page.getByRole('link', { name: 'name-1000.example.com' }).waitFor();
    const high = await height();
    t.true(high > low, `${low}, then ${high}`);
    await page.evaluate(() => scrollBy(0, 1));
    await heard();
    const shows = async () => Math.abs((await onScreen()) - 985) < 6;
    await until('the rows that were there are on the screen', shows, { deadlineMs: 30_000 });
    await page.evaluate((top) => scrollBy(0, -top), 200 * high);
    await page.getByRole('link', { name: 'name-1000.example.com' }).waitFor({ state: 'detached' });
    await page.setViewportSize({ width: 390, height: 700 });
    await heard();
    t.is(await height(), high, 'the address bar of a phone comes and goes');
  };
  await withPage(t, { ...estate, certificates }, body, { path: 'certificates', view: { width: 390, height: 800 } });
});

test.serial(
  'one certificate tells its chain, its six states, who holds it, and who still serves the old one',
  async (t) => {
    const at = new Date();
    const estate = incidentEstate(at);
    const old = fingerprint('web-1 checkout.example.com ecdsa');
    const newest = fingerprint('web-1 checkout newest');
    const [certificate] = estate.certificates.filter((one) => one.fingerprint === old);
    if (certificate === undefined) throw new Error('the example has this certificate');
    const issued = { ...certificate, fingerprint: newest, endpoints: [], notBefore: before(at, 720_000), files: [] };
    const authority = {
      ...certificate,
      fingerprint: fingerprint(certificate.issuer),
      isAuthority: true,
      subject: certificate.issuer,
      issuer: 'CN=Root X1',
    };
    const endpoints = estate.endpoints.map((endpoint) =>
      endpoint.issued === newest
        ? { ...endpoint, reachedAt: { issued: before(at, 720_000), configured: before(at, 700_000) } }
        : endpoint,
    );
    const whole = { ...estate, endpoints, certificates: [...estate.certificates, issued, authority] };
    const body = async ({ page, server }: Opened) => {
      await page.locator('.detail-head', { hasText: 'not served yet' }).waitFor();
      const endpoint = page.locator('#endpoints .card');
      t.regex(
        (await endpoint.innerText()).replaceAll(/\s+/g, ' '),
        /^drift checkout\.example\.com@0\.0\.0\.0:443\/ecdsa on web-1 serves [0-9a-f]{8}/,
      );
      t.deepEqual(
        (await endpoint.locator('.six li').evaluateAll((all) => all.map((one) => one.className))).join(' '),
        'done done done ahead ahead ahead',
      );
      t.regex(
        (await endpoint.locator('.six li').first().textContent()) ?? '',
        /^issued, reached12 min ago \(.* UTC\)$/,
      );
      t.regex(await page.locator('#older').innerText(), /web-2/, 'another host has an older one for the same name');
      await endpoint.getByRole('link', { name: old.slice(0, 8) }).click();
      await page.locator('.detail-head', { hasText: 'drift' }).waitFor();
      t.is(page.url(), `${server.url}certificates/${old}`);
      t.regex(
        (await page.locator('.chain-picture').innerText()).replaceAll(/\s+/g, ' '),
        /as 1 endpoint serves it checkout\.example\.com .* E7, Let's Encrypt [0-9a-f]{8} .* Root X1 not sent: clients hold it/,
      );
      t.regex(
        await page.locator('#files').innerText(),
        /web-1: \/etc\/letsencrypt\/live\/checkout\.example\.com\/fullchain\.pem/,
      );
      await page.getByText('A newer one was issued in its place').getByRole('link').click();
      await page.locator('.detail-head', { hasText: 'not served yet' }).waitFor();

      const before = await page.evaluate(() => document.activeElement?.tagName);
      server.show({ ...whole, certificates: estate.certificates });
      await page.getByText('Not found now').waitFor();
      t.is(before, 'MAIN');
    };
    await withPage(t, whole, body, { path: `certificates/${newest}` });
  },
);
