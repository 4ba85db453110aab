import test from 'ava';
import { prepareCollector, startAgent } from '../../scripts/stage/products.ts';
import { startBrowser } from '../helpers/browser.ts';
import { shopName, startHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

test('a person at the page sees the incident turn it red, and the agent turn it green again, without a reload', async (t) => {
  const host = await startHost(t);
  const collector = await prepareCollector(host.sandbox);
  await collector.start();
  const { nginx, certbot, pebble } = host;
  await startAgent(host.sandbox, { nginx, certbot, pebble, roots: [pebble.rootPem], join: await collector.join() });
  const browser = await startBrowser();
  t.teardown(() => browser.close());
  const { page, problems, requests } = await browser.open(collector.webAddress);
  const shows = (verdict: string) => page.waitForSelector(`.verdict.${verdict} h1`, { timeout: 20_000 });
  await shows('good');
  await page.evaluate(() => {
    document.body.dataset.sameDocument = 'yes';
  });
  const first = (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;

  // A healthy agent heals within a second or two: the red is watched from inside the page, not by chance.
  await page.evaluate(() => {
    const note = () => {
      if (document.querySelector('.verdict.critical') && !document.body.dataset.wasRed)
        document.body.dataset.wasRed = document.querySelector('.need')?.textContent ?? 'red';
    };
    new MutationObserver(note).observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
  });
  t.is((await host.certbot.renew('shop')).exit, 0);
  const renewed = host.certbot.lineage('shop').leaf();
  const red = await until('the page was red', () => page.evaluate(() => document.body.dataset.wasRed ?? false));
  t.true(red.includes(shopName), red);
  await shows('good');
  await until('the page shows the new certificate', async () =>
    (await page.textContent('body'))?.includes(renewed.slice(0, 8)),
  );
  t.is((await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint, renewed);
  t.not(renewed, first);
  t.is(await page.evaluate(() => document.body.dataset.sameDocument), 'yes', 'the page was never loaded again');
  t.deepEqual(problems, []);
  t.true(
    requests.every((address) => address.startsWith(collector.webAddress)),
    'no other address was asked for anything',
  );
});
