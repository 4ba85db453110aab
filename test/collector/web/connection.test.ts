import test from 'ava';
import { healthyEstate } from './example-estate.ts';
import { incidentEstate } from './example-incident.ts';
import { type Opened, pagesOf } from './opened-page.ts';

const withPage = pagesOf(test);

/** What Chromium writes by itself when a request fails. */
const refused = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

test.serial('a collector that died is visible at once, nothing stays green, and the page heals itself', async (t) => {
  await withPage(
    t,
    healthyEstate(new Date()),
    async ({ page, server }) => {
      const green = await colourOf('.verdict .shape .body');
      await server.fall();
      await page.locator('.heartbeat.lost').waitFor({ timeout: 60_000 });
      t.regex(await page.locator('.heartbeat').innerText(), /^connection lost, trying again/);
      t.regex(await page.locator('.proof').innerText(), /All of this is as it was (now|\d+ s ago)\.$/);
      t.is(await page.locator('.verdict.good').count(), 0);
      t.not(await colourOf('main .tally .shape .body'), green, 'a row is not green either');
      t.is(await page.title(), 'connection lost · Now · Certherd');

      server.show(incidentEstate(new Date()));
      await server.rise();
      await page.locator('.heartbeat.live').waitFor({ timeout: 60_000 });
      await page.locator('.verdict.critical').waitFor();

      async function colourOf(selector: string): Promise<string> {
        return page
          .locator(selector)
          .last()
          .evaluate((element) => getComputedStyle(element).fill);
      }
    },
    { complaints: refused },
  );
});

test.serial(
  'a page that the collector has no place for says so, and follows once somebody closes another',
  async (t) => {
    await withPage(
      t,
      healthyEstate(new Date()),
      async ({ page, server }) => {
        server.crowd('This address has 250 pages and programs that follow: close some of them.');
        await page
          .locator('.heartbeat', { hasText: 'too many pages are open, trying again' })
          .waitFor({ timeout: 60_000 });
        t.regex(await page.locator('.heartbeat').innerText(), /This address has 250 pages/);
        t.is(await page.title(), 'too many pages are open · Now · Certherd');
        server.crowd(undefined);
        await page.locator('.heartbeat.live').waitFor({ timeout: 60_000 });
      },
      { complaints: new RegExp(`${refused.source}|429`) },
    );
  },
);

test.serial('a connection that only falls silent is visible soon and heals itself', async (t) => {
  await withPage(t, healthyEstate(new Date()), async ({ page, server }) => {
    server.freeze();
    // 4.45 s by the page's own timers; the rest is for a machine with other things to do.
    await page.locator('.heartbeat.lost').waitFor({ timeout: 60_000 });
    server.thaw();
    await page.locator('.heartbeat.live').waitFor({ timeout: 60_000 });
    await page.locator('.verdict.good').waitFor();
  });
});

test.serial('a hundred changes at once cost a few requests, and the last state is shown', async (t) => {
  await withPage(t, healthyEstate(new Date()), async ({ page, server }) => {
    const before = server.asked();
    server.sayUnreadable(100);
    server.show(incidentEstate(new Date()));
    await page.locator('.verdict.critical').waitFor();
    const asked = server.asked() - before;
    t.true(asked >= 1 && asked <= 4, `asked ${asked} times`);
  });
});

test.serial('an error of the collector is a lost connection with its status, and heals', async (t) => {
  await withPage(
    t,
    healthyEstate(new Date()),
    async ({ page, server }) => {
      server.fail(503);
      server.sayUnreadable(1);
      await page.locator('.heartbeat.lost', { hasText: 'the collector answered 503' }).waitFor();
      server.fail(503, 'application/problem+json; charset=utf-8');
      await page.locator('.heartbeat.lost', { hasText: 'the collector cannot reach its database' }).waitFor();
      server.fail(undefined);
      await page.locator('.heartbeat.live').waitFor();
      t.is(await page.locator('.verdict.good').count(), 1);
    },
    { complaints: /status of 503/ },
  );
});

test.serial('what changes is told and shown, without asking for the estate again, and a gap is noticed', async (t) => {
  const estate = healthyEstate(new Date());
  const body = async ({ page, server }: Opened) => {
    await page.locator('.heartbeat.live').waitFor();
    const before = server.asked();
    const [host] = estate.hosts;
    if (!host) throw new Error('no host');
    const change = { at: new Date().toISOString(), heard: [], certificates: [], gone: [], events: [] };
    const renamed = { agentId: host.agentId, host: { ...host, name: 'told-by-a-change' } };
    server.tell({ ...change, hosts: [renamed] });
    await page.locator('table.hosts', { hasText: 'told-by-a-change' }).waitFor();
    t.is(server.asked(), before);
    server.skip();
    server.tell({ ...change, hosts: [] });
    await page.locator('table.hosts', { hasText: host.name }).waitFor();
    t.is(server.asked(), before + 1);
  };
  await withPage(t, estate, body, { path: 'hosts' });
});
