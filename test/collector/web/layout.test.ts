import test from 'ava';
import type { EndpointView } from '../../../collector/serve/estate.ts';
import { emptyEstate, healthyEstate } from './example-estate.ts';
import { incidentEstate } from './example-incident.ts';
import { pagesOf } from './opened-page.ts';

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
        t.true(await fits(), 'empty');
        server.show(incident);
        await page.locator('.verdict.critical').waitFor();
        t.true(await fits(), 'incident');
        server.show({ ...incident, endpoints });
        await page.locator('table.endpoints', { hasText: long }).waitFor();
        t.true(await fits(), 'names that never end');

        async function fits(): Promise<boolean> {
          return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
        }
      },
      { view: { width, height: 900 } },
    );
  });
}

test.serial('two thousand endpoints are drawn a few at a time', async (t) => {
  const estate = healthyEstate(new Date());
  const endpoints = Array.from({ length: 2000 }, (_, index): EndpointView[] =>
    estate.endpoints
      .slice(0, 1)
      .map((endpoint) => ({ ...endpoint, id: `${index}`, serverName: `n${index}.example.com` })),
  ).flat();
  await withPage(t, { ...estate, endpoints }, async ({ page, server }) => {
    const rows = page.locator('table.endpoints tbody tr');
    t.is(await rows.count(), 50);
    await page.locator('#endpoints').getByText('50 of 2000 shown').waitFor();
    await page.locator('#endpoints').getByRole('button', { name: 'Show more' }).click();
    t.is(await rows.count(), 150);
    server.show({ ...estate, endpoints: endpoints.slice(1) });
    await page.locator('#endpoints header', { hasText: '1999' }).waitFor({ timeout: 20_000 });
    t.is(await rows.count(), 150);
  });
});

test.serial('the page has landmarks, one heading of the first rank, and tables with heads', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page }) => {
    for (const role of ['banner', 'search', 'main', 'contentinfo'] as const) {
      t.is(await page.getByRole(role).count(), 1, role);
    }
    t.is(await page.getByRole('heading', { level: 1 }).count(), 1);
    for (const name of ['Hosts', 'Endpoints', 'Certificates', 'Last events']) {
      t.is(await page.getByRole('region', { name }).count(), 1, name);
    }
    const table = page.getByRole('table', { name: /^Endpoints/ });
    t.is(await table.getByRole('columnheader').count(), 6);
    t.is(await table.getByRole('rowheader').count(), 26);
    t.is(await page.locator('button:not([type=button])').count(), 0);
  });
});

test.serial(
  'the keyboard reaches the skip link, the filter, the first code, its runbook and its remedy in this order, focus visible',
  async (t) => {
    await withPage(t, incidentEstate(new Date()), async ({ page }) => {
      const reached: string[] = [];
      for (let press = 0; press < 5; press += 1) {
        await page.keyboard.press('Tab');
        const focused = page.locator(':focus');
        reached.push(
          (await focused.getAttribute('class')) ?? (await focused.getAttribute('type')) ?? (await focused.innerText()),
        );
        t.not(await focused.evaluate((element) => getComputedStyle(element).outlineStyle), 'none');
      }
      t.deepEqual(reached.slice(0, 5), ['skip', 'search', 'quiet', 'wiki.example.com/tls', 'button']);
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
