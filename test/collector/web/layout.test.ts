import { readFileSync } from 'node:fs';
import test from 'ava';
import { axeViolations } from '../../helpers/axe-violations.ts';
import type { EndpointView } from '../../../collector/serve/estate.ts';
import { emptyEstate, healthyEstate } from './example-estate.ts';
import { incidentEstate } from './example-incident.ts';
import { type Opened, pagesOf } from './opened-page.ts';

const withPage = pagesOf(test);

const long = `${'a-very-long-label-that-never-ends'.repeat(6)}.example.com`;

for (const width of [390, 1000, 1280, 3840]) {
  test.serial(`nothing scrolls sideways at ${width} px`, async (t) => {
    await withPage(
      t,
      emptyEstate(new Date()),
      async ({ page, server }) => {
        const incident = incidentEstate(new Date());
        const endpoints = incident.endpoints.map((endpoint) => ({ ...endpoint, serverName: long, hostName: long }));
        const hosts = incident.hosts.map((host) => ({ ...host, name: long }));
        const certificates = incident.certificates.map((one) => ({ ...one, subjectAltNames: [long] }));
        for (const name of ['Now', 'Certificates', 'Endpoints', 'Hosts']) {
          await page.getByRole('navigation').getByRole('link', { name }).click();
          await page.locator('main:not(.waiting)').waitFor();
          server.show(emptyEstate(new Date()));
          await page.locator('footer').waitFor();
          t.true(await fits(), `${name}: empty`);
          server.show(incident);
          await page.locator('main', { hasText: name === 'Hosts' ? 'web-1' : 'checkout.example.com' }).waitFor();
          t.true(await fits(), `${name}: incident`);
          if (name === 'Now') t.true(await entriesFill(), 'an event has the width of its list');
          server.show({ ...incident, endpoints, hosts, certificates });
          if (name !== 'Now') await page.locator('main', { hasText: long.slice(0, 100) }).waitFor();
          t.true(await fits(), `${name}: names that never end`);
          if (name !== 'Certificates' && name !== 'Hosts') continue;
          await page
            .getByRole('link', { name: long.slice(0, 100) })
            .first()
            .click();
          await page.locator('.detail-head').waitFor();
          t.true(await fits(), `${name}, one of them: names that never end`);
        }

        async function entriesFill(): Promise<boolean> {
          return page
            .locator('.events .entry')
            .evaluateAll((all) => all.every((one) => one.clientWidth > (one.parentElement?.clientWidth ?? 0) - 4));
        }
        async function fits(): Promise<boolean> {
          return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
        }
      },
      { view: { width, height: 900 } },
    );
  });
}

test.serial('endpoints are narrowed down, drawn as they are near the screen, and saved as they are seen', async (t) => {
  const estate = healthyEstate(new Date());
  const at = new Date().toISOString();
  const endpoints = Array.from({ length: 2000 }, (_, index): EndpointView[] =>
    estate.endpoints.slice(0, 1).map((endpoint) => ({
      ...endpoint,
      id: `${index}`,
      serverName: `n${index}.example.com`,
      port: index % 2 === 0 ? 443 : 8443,
      labels: { owner: index % 10 === 0 ? '=payments' : 'shop' },
    })),
  ).flat();
  const served = endpoints[20]?.served ?? '';
  const place = { address: '192.0.2.1', algorithm: endpoints[20]?.algorithm ?? 'ecdsa', chain: [], since: at };
  const target = { everySeconds: 60, vantage: 'collector', setBy: 'me', setAt: at, leftOut: 0 };
  const targets = [
    { ...target, id: 1, target: 'n20.example.com:443', places: [{ ...place, served }] },
    { ...target, id: 2, target: 'n40.example.com:443', places: [{ ...place, served: 'f'.repeat(64) }] },
  ];
  const body = async ({ page, server }: Opened) => {
    const rows = page.locator('table.endpoints tbody [role=rowheader]');
    const status = page.locator('.page-head [role=status]');
    await rows.nth(10).waitFor();
    t.true((await rows.count()) < 100, 'only what is near the screen is in the document');
    t.is(await page.getByRole('table', { name: 'Endpoints' }).getAttribute('aria-rowcount'), '2001');
    server.show({ ...estate, endpoints: endpoints.slice(1), targets });
    await status.getByText('1999', { exact: true }).waitFor({ timeout: 20_000 });
    const facets = page.getByRole('group', { name: 'Narrow down' });
    await facets.getByLabel('Owner').selectOption('=payments');
    await status.getByText('199 of 1999', { exact: true }).waitFor();
    await facets.getByLabel('From outside').selectOption({ label: 'another (1)' });
    await status.getByText('1 of 1999', { exact: true }).waitFor();
    t.regex(page.url(), /endpoints\?owner=%3Dpayments&outside=another$/);
    await page.locator('.columns summary').click();
    const columns = page.getByRole('group', { name: 'Columns that are shown' });
    for (const name of ['Status', 'Listener', 'Issued, configured, served', 'Served until'])
      await columns.getByLabel(name, { exact: true }).uncheck();
    for (const name of ['Owner', 'From outside']) await columns.getByLabel(name).check();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /^CSV/ }).click(),
    ]);
    t.is(download.suggestedFilename(), 'endpoints.csv');
    const host = endpoints[0]?.hostName ?? '';
    t.is(
      readFileSync(await download.path(), 'utf8').replace(/^\uFEFF/, ''),
      `"name","host","outside","owner"\r\n"n40.example.com","${host}","another","'=payments"\r\n`,
    );
    let asked = 0;
    const stays = [...Array(60).keys()].map((day) => ({
      state: 'endpoint-served',
      fingerprint: 'a'.repeat(64),
      from: new Date(day * 86_400_000).toISOString(),
    }));
    server.on('GET /api/v1/endpoint-history', () => [200, { version: 1, items: asked++ === 0 ? stays : [] }]);
    await page.getByRole('link', { name: 'n40.example.com', exact: true }).click();
    await page.locator('.detail-head h1', { hasText: 'n40.example.com' }).waitFor();
    t.true(page.url().endsWith(`/endpoints/${encodeURIComponent(`${endpoints[40]?.agentId}/40`)}`));
    t.is(await page.locator('.six li.done').count(), 5, 'served at the host');
    t.regex(
      await page.locator('#outside').innerText(),
      /another\s+192\.0\.2\.1 from the collector ffffffff another, since/,
    );
    await page.setViewportSize({ width: 390, height: 844 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    t.is(wide, 0, 'a phone scrolls down only');
    t.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.locator('table.stays tbody tr').nth(59).waitFor();
    const renewed = endpoints.map((one, index) => (index === 40 ? { ...one, issued: 'b'.repeat(64) } : one));
    server.show({ ...estate, endpoints: renewed, targets });
    await page.getByText('Nothing is kept of it.').waitFor();
  };
  await withPage(t, { ...estate, endpoints }, body, { path: 'endpoints' });
});

test.serial(
  'a first view asks for what its HTML names, and for no script or style that another script found',
  async (t) => {
    for (const path of ['', 'timeline', 'hosts'])
      await withPage(
        t,
        incidentEstate(new Date()),
        async ({ page, server, requests }) => {
          const at = new Date().toISOString();
          server.on('GET /api/v1/history', () => [200, { version: 1, since: at, at, findings: [], servings: [] }]);
          await page.reload();
          if (path === 'timeline') await page.locator('.chart canvas').first().waitFor();
          const html = await (await fetch(server.url + path)).text();
          const named = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, address = '']) => address);
          const isFile = (address: string) => address.startsWith('/assets/');
          const asked = requests.map((address) => new URL(address).pathname).filter(isFile);
          t.deepEqual([...new Set(asked)].sort(), named.toSorted());
          t.true(named.length <= (path === 'timeline' ? 3 : 2));
        },
        // Before there is an answer for the timeline.
        { path, complaints: /404/ },
      );
  },
);

test.serial('every page has landmarks, one heading of the first rank, and tables with heads', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page }) => {
    const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    for (const name of ['Now', 'Certificates', 'Hosts', 'Endpoints']) {
      await links.filter({ hasText: name }).click();
      await page.locator('main h1').waitFor();
      for (const role of ['banner', 'navigation', 'main', 'contentinfo'] as const) {
        t.is(await page.getByRole(role).count(), 1, role);
      }
      t.is(await page.getByRole('search').count(), name === 'Now' ? 0 : 1);
      t.is(await page.getByRole('heading', { level: 1 }).count(), 1);
      t.is(await links.and(page.locator('[aria-current=page]')).innerText(), name);
      const json = page.getByRole('contentinfo').getByRole('link', { name: /api.v1/ });
      t.is(await json.getAttribute('href'), `/api/v1/${name === 'Now' ? 'estate' : name.toLowerCase()}`);
    }
    const table = page.getByRole('table', { name: /^Endpoints/ });
    t.is(await table.getByRole('columnheader').count(), 6);
    t.is(await table.getByRole('rowheader').count(), 26);
    t.is(await page.locator('button:not([type=button])').count(), 0);
  });
});

test.serial(
  'the keyboard reaches the skip link, the pages, the oldest look, and code, host, runbook and remedy of the first need, focus visible',
  async (t) => {
    await withPage(t, incidentEstate(new Date()), async ({ page }) => {
      const reached: string[] = [];
      for (let press = 0; press < 16; press += 1) {
        await page.keyboard.press('Tab');
        const focused = page.locator(':focus');
        reached.push((await focused.getAttribute('class')) ?? (await focused.innerText()).split('\n')[0] ?? '');
        t.not(await focused.evaluate((element) => getComputedStyle(element).outlineStyle), 'none');
      }
      t.is(
        reached.join(' '),
        'skip Now Certificates Endpoints Hosts Targets Inventory Timeline Campaigns Reports Wall build-1 quiet web-1 wiki.example.com/tls Copy',
      );
    });
  },
);

test.serial('motion is left out for whoever asked for none', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page }) => {
    const animation = () =>
      page
        .locator('.need')
        .first()
        .evaluate((element) => getComputedStyle(element).animationName);
    t.is(await animation(), 'appear');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    t.is(await animation(), 'none');
  });
});
