import test from 'ava';
import { emptyEstate, healthyEstate } from './example-estate.ts';
import { incidentEstate } from './example-incident.ts';
import { pagesOf } from './opened-page.ts';

const withPage = pagesOf(test);

test.serial('the page turns red and green again without being loaded again', async (t) => {
  await withPage(t, healthyEstate(new Date()), async ({ page, server }) => {
    await page.locator('.verdict.good h1', { hasText: 'Nothing needs a person' }).waitFor();
    t.regex(
      await page.locator('.proof').innerText(),
      /^26 of 26 endpoints proved in the last hour, the earliest \d+ s ago\.$/,
    );
    await page.evaluate(() => document.body.setAttribute('data-loaded', 'once'));

    server.show(incidentEstate(new Date()));
    await page.locator('.verdict.critical h1', { hasText: '4 things need a person' }).waitFor();
    t.is(await page.title(), '4 things need a person · Now · Certherd');
    t.is(await page.locator('[role=status]').innerText(), '4 things need a person');
    t.regex(await page.locator('.tally').first().innerText(), /26 endpoints\s+2 drift/);

    server.show(healthyEstate(new Date()));
    await page.locator('.verdict.good').waitFor();
    t.is(await page.locator('.need').count(), 0);
    t.is(await page.locator('body').getAttribute('data-loaded'), 'once');
  });
});

test.serial('what needs a person says what, where, why, since when, until when and what to do', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page }) => {
    const first = page.locator('.need').first();
    t.is(
      await first.locator('h2').innerText(),
      'checkout.example.com on web-1: nginx still serves the certificate from before the renewal; it has not been reloaded since the file changed.',
    );
    t.regex(
      await first.locator('.times').innerText(),
      /since 12 min ago \(.* UTC\)\s+served certificate:\s+3 d 14 h left\s+4 % of life/,
    );
    t.is(await first.locator('code').innerText(), 'systemctl reload nginx');
    await first.getByText('What was compared').click();
    t.regex(await first.locator('.evidence').innerText(), /configured\s+[0-9a-f]{64}\s+served\s+[0-9a-f]{64}/);
  });
});

test.serial('what needs a person says whose it is, and leads to the runbook', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page }) => {
    const labels = page.locator('.need').first().locator('.labels');
    t.regex(await labels.innerText(), /owner\s+payments\s+team\s+checkout\s+runbook\s+wiki\.example\.com\/tls/);
    t.is(await labels.locator('a').getAttribute('href'), 'https://wiki.example.com/tls');
    await page.getByRole('link', { name: '26 endpoints' }).click();
    await page.locator('input[type=search]').fill('owner=payments');
    await page.locator('table.endpoints [aria-rowindex="3"]').waitFor({ state: 'detached' });
    t.regex(
      await page.locator('table.endpoints [aria-rowindex="2"]').innerText(),
      /checkout\.example\.com\s+payments, checkout/,
    );
  });
});

test.serial('the imported list stands beside what is served, and where the two do not agree comes first', async (t) => {
  await withPage(
    t,
    incidentEstate(new Date()),
    async ({ page, server }) => {
      const rows = page.locator('table.listed tbody tr');
      t.deepEqual(
        (await rows.allInnerTexts()).map((text) => text.split(/\s+/).slice(0, 2)),
        [
          ['differs', 'checkout.example.com'],
          ['unseen', 'vpn.example.com'],
          ['served', 'cdn.example.net'],
        ],
      );
      t.regex(await rows.nth(1).innerText(), /network, core\s+31\.12\.2026\s+DigiCert\s+seen by no agent/);
      await page.locator('input[type=search]').fill('unseen');
      await rows.nth(1).waitFor({ state: 'detached' });
      t.is(await rows.count(), 1);
      server.show(healthyEstate(new Date()));
      await page.getByText('No list was imported.').waitFor();
    },
    { path: 'certificates/listed' },
  );
});

test.serial('the code of a finding leads to the section that explains it', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page }) => {
    const code = page.locator('.need .label a').first();
    const name = await code.innerText();
    await code.click();
    await page.locator('.explanations h1', { hasText: 'What a finding means' }).waitFor();
    t.is(await page.locator('section:target h2').innerText(), name);
    t.true(await page.locator('section:target').isVisible());
  });
});

test.serial('a remedy is copied exactly', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page, server }) => {
    await page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(server.url).origin });
    await page.locator('.need').nth(1).getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    t.is(
      await page.evaluate(() => navigator.clipboard.readText()),
      'ln -sfn ../../archive/metrics.example.net/privkey4.pem /etc/letsencrypt/live/metrics.example.net/privkey.pem',
    );
  });
});

test.serial('with no host the page gives the two commands that bring one', async (t) => {
  await withPage(t, emptyEstate(new Date()), async ({ page }) => {
    t.is(await page.locator('h1').innerText(), 'No host yet');
    t.deepEqual(await page.locator('.first-host code').allInnerTexts(), [
      'certherd-collector token create',
      'certherd-agent enroll JOIN',
    ]);
    t.is(await page.locator('.verdict.good').count(), 0);
  });
});

test.serial('the chain of three tells by sign, shape and words where the newest certificate stopped', async (t) => {
  await withPage(
    t,
    incidentEstate(new Date()),
    async ({ page }) => {
      const row = page.locator('table.endpoints tbody tr', { hasText: 'checkout.example.com' }).first();
      const chain = row.locator('.chain');
      t.is(await chain.locator('.unseen').textContent(), 'issued and configured differ from served: ');
      t.deepEqual(await chain.locator('.joint').allInnerTexts(), ['=', '≠']);
      const prints = await chain.locator('.code').allTextContents();
      t.regex(prints.join(' '), /^●[0-9a-f]{8} ●[0-9a-f]{8} ◆[0-9a-f]{8}$/);
      t.regex(await row.innerText(), /The newest certificate is configured, not loaded\./);
    },
    { path: 'endpoints' },
  );
});

test.serial('an unknown host and its endpoints are grey and never green', async (t) => {
  await withPage(
    t,
    incidentEstate(new Date()),
    async ({ page }) => {
      const rows = page.locator('tbody tr', { hasText: 'build-1' }).filter({ hasText: 'unknown' });
      t.is(await rows.count(), 2);
      t.is(await rows.locator('.good').count(), 0);
      t.is(await rows.locator('.mark.unknown').count(), 2);
      await page.getByRole('navigation').getByRole('link', { name: 'Hosts' }).click();
      await rows.and(page.locator('table.hosts tr')).waitFor();
      t.is(await rows.locator('.good').count(), 0);
    },
    { path: 'endpoints' },
  );
});

test.serial(
  'the address says what is seen: search, page and item come back with it and with the back button',
  async (t) => {
    await withPage(t, incidentEstate(new Date()), async ({ page, server }) => {
      await page.evaluate(() => document.body.setAttribute('data-loaded', 'once'));
      await page.keyboard.press('/');
      await page.locator('h1', { hasText: 'Certificates' }).waitFor();
      t.is(await page.evaluate(() => document.activeElement?.tagName), 'MAIN', 'focus follows to the page');
      await page.getByRole('link', { name: 'Endpoints' }).click();
      await page.locator('table.endpoints').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('mail-1 smtp');
      await page.locator('[role=status]').getByText('1 of 26', { exact: true }).waitFor();
      t.is(page.url(), `${server.url}endpoints?q=mail-1+smtp`);
      await page.keyboard.type(' nothing-like-this');
      await page.getByText('Nothing fits.').waitFor();
      await page.goBack();
      await page.locator('h1', { hasText: 'Certificates' }).waitFor();
      await page.goForward();
      t.is(await page.locator('input[type=search]').inputValue(), 'mail-1 smtp nothing-like-this');
      t.is(await page.locator('body').getAttribute('data-loaded'), 'once');
      await page.reload();
      await page.getByText('Nothing fits.').waitFor();
      await page.goto(`${server.url}certificates/nothing`);
      await page.getByRole('link', { name: 'Now' }).click();
      await page.locator('.verdict.critical').waitFor();
    });
  },
);

test.serial('a change keeps the focus, the scroll position and what was opened', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page, server }) => {
    const entry = page.locator('details.entry').first();
    await entry.locator('summary').click();
    const scrolled = await page.evaluate(() => scrollY);
    t.true(scrolled > 0);
    const next = incidentEstate(new Date());
    server.show({ ...next, collector: { ...next.collector, version: '0.1.1' } });
    await page.locator('footer', { hasText: '0.1.1' }).waitFor();
    t.not(await entry.getAttribute('open'), null);
    t.is(await page.evaluate(() => document.activeElement?.tagName), 'SUMMARY');
    t.is(await page.evaluate(() => scrollY), scrolled);
  });
});

test.serial('the focus goes to the page when what had it is no more', async (t) => {
  await withPage(t, incidentEstate(new Date()), async ({ page, server }) => {
    const need = page.locator('.need').first();
    await need.getByRole('button', { name: 'Copy' }).focus();
    await page.mouse.wheel(0, 400);
    server.show(healthyEstate(new Date()));
    await need.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.id === 'main');
    await page.keyboard.press('Tab');
    t.is(await page.locator(':focus').innerText(), '26 endpoints', 'and Tab goes on from there');
  });
});

test.serial('events open to their steps and durations', async (t) => {
  await withPage(t, healthyEstate(new Date()), async ({ page }) => {
    const entry = page.locator('details.entry', { hasText: 'served at 4 of 4 endpoints' });
    t.regex(await entry.innerText(), /deployment shop\.example\.com: .* · 1\.3 s/s);
    await entry.locator('summary').click();
    t.deepEqual(await entry.locator('.took').allInnerTexts(), ['38 ms', '61 ms', '24 ms', '1.2 s']);
  });
});

test.serial('relative times tick on their own, by the clock of the collector', async (t) => {
  const ahead = 3 * 3_600_000;
  const estate = healthyEstate(new Date(Date.now() + ahead));
  const far = { now: () => new Date(Date.now() + ahead) };
  await withPage(
    t,
    estate,
    async ({ page }) => {
      const proof = page.locator('.proof time').first();
      const first = await proof.innerText();
      t.regex(first, /^\d+ s ago$/, 'the browser itself is three hours behind');
      await page.waitForFunction((text) => document.querySelector('.proof time')?.textContent !== text, first);
      t.regex(await proof.innerText(), /^\d+ s ago$/);
      t.regex(await page.locator('footer').innerText(), /This browser's clock is [23] h behind the collector's\./);
      t.regex((await proof.getAttribute('title')) ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
      t.is(await proof.getAttribute('datetime'), estate.endpoints[0]?.observedAt ?? '');
    },
    far,
  );
});

test.serial(
  'one host is one host, a renewal that is due is said, and a kind that this page does not know is shown',
  async (t) => {
    const calm = healthyEstate(new Date());
    const [host] = calm.hosts;
    const lineages = calm.lineages.map((lineage) => {
      const due = lineage.renewal && { ...lineage.renewal, at: new Date(Date.now() - 1000).toISOString() };
      return due ? { ...lineage, renewal: due } : lineage;
    });
    const events = calm.events.slice(0, 1).map((event) => ({ ...event, kind: 'constructor' as never }));
    const estate = { ...calm, hosts: host ? [host] : [], lineages, events };
    await withPage(t, estate, async ({ page }) => {
      const tallies = page.locator('.tallies');
      await tallies.getByRole('link', { name: '1 host', exact: true }).waitFor();
      await tallies.getByText(`due now: ${lineages.length} renewals`).waitFor();
      t.is(await page.locator('.events .what b').innerText(), 'constructor');
    });
  },
);
