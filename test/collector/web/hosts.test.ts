import test from 'ava';
import { before } from './example-estate.ts';
import { incidentEstate } from './example-incident.ts';
import { type Opened, pagesOf } from './opened-page.ts';

const withPage = pagesOf(test);

test.serial('a host tells its findings, lineages, endpoints and what happens on it, live', async (t) => {
  const at = new Date();
  const estate = incidentEstate(at);
  const lineages = estate.lineages.map((lineage) =>
    lineage.name === 'checkout.example.com'
      ? {
          ...lineage,
          rehearsal: { at: before(at, 60_000), ok: false, reasons: [{ check: 'port-80', detail: 'closed' }] },
        }
      : lineage,
  );
  const [sample] = estate.events;
  if (sample === undefined) throw new Error('the example has events');
  const event = { ...sample, agentId: 'agent-web-1', hostName: 'web-1', epoch: 'e9', kind: 'renewal' as const };
  const body = async ({ page, server }: Opened) => {
    server.on('GET /api/v1/events', () => [200, { version: 1, items: [{ ...event, seq: 1, summary: 'kept before' }] }]);
    await page.getByRole('combobox', { name: 'Status' }).selectOption({ label: 'critical (2)' });
    await page.locator('[role=status]').getByText('2 of 8', { exact: true }).waitFor();
    const heard = page.locator('table.hosts tbody .c-heard');
    t.deepEqual(
      (await heard.allInnerTexts()).map((text) => /clock.*/.exec(text)?.[0]),
      [undefined, 'clock 3 min ahead'],
      'only where it is wrong',
    );
    await page.getByRole('link', { name: 'web-1' }).click();
    await page.locator('.detail-head h1', { hasText: 'web-1' }).waitFor();
    t.is(page.url(), `${server.url}hosts/agent-web-1`);
    t.regex(await page.locator('dl.evidence').first().innerText(), /Clock\s+3 min ahead/);
    t.is(await page.locator('#findings .need').count(), 1);
    t.regex(
      (await page.locator('#lineages').innerText()).replaceAll(/\s+/g, ' '),
      /would fail rehearsed 1 min ago port-80: closed/,
    );
    t.is(await page.locator('table.endpoints tbody tr').count(), 5);
    await page.locator('.entry', { hasText: 'kept before' }).waitFor();

    server.show({
      ...estate,
      lineages,
      events: [{ ...event, seq: 2, receivedAt: new Date().toISOString(), summary: 'just now' }],
    });
    await page.locator('.entry', { hasText: 'just now' }).waitFor();
    const entries = await page.locator('.entry').allInnerTexts();
    t.deepEqual(
      entries.map((entry) => /kept before|just now/.exec(entry)?.[0]),
      ['just now', 'kept before'],
    );

    await page.goBack();
    t.is(await page.getByRole('combobox', { name: 'Status' }).inputValue(), 'critical');
  };
  const hosts = estate.hosts.map((host) => ({ ...host, clockSkewSeconds: host.name === 'web-1' ? 180 : 0 }));
  await withPage(t, { ...estate, lineages, hosts }, body, { path: 'hosts' });
});

test.serial(
  'an admin makes a join string and sees the commands for the VM; anybody else the command that makes one',
  async (t) => {
    const body = async ({ page, server }: Opened) => {
      const dialog = page.getByRole('dialog', { name: 'Enrol a host' });
      await page.getByRole('button', { name: 'Enrol a host' }).click();
      t.deepEqual(await dialog.locator('.command code').allInnerTexts(), [
        'certherd-collector token create',
        'certherd-agent enroll JOIN',
      ]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      t.is(await page.evaluate(() => document.activeElement?.textContent), 'Enrol a host', 'the focus comes back');

      const bodies: string[] = [];
      server.on('GET /api/v1/me', () => [200, { version: 1, by: 'session', name: 'root', role: 'admin' }]);
      server.on('POST /api/v1/tokens', (text) => {
        bodies.push(text);
        return bodies.length === 1
          ? [422, { title: 'Cannot be made', detail: 'owner: too long' }]
          : [201, { version: 1, join: 'certherd://word', expiresAt: '2026-11-27T23:00:00.000Z' }];
      });
      await page.reload();
      await page.locator('.who', { hasText: 'root, admin' }).waitFor();
      await page.getByRole('button', { name: 'Enrol a host' }).click();
      await dialog.getByLabel('owner').fill(' payments ');
      await dialog.getByRole('button', { name: 'Make a join string' }).click();
      await dialog.getByText('Not made: owner: too long').waitFor();
      await dialog.getByRole('button', { name: 'Make a join string' }).click();
      await dialog.getByText('Good until 2026-11-27 23:00:00 UTC').waitFor();
      t.deepEqual(
        bodies.map((text): unknown => JSON.parse(text)),
        [{ labels: { owner: 'payments' } }, { labels: { owner: 'payments' } }],
      );
      t.deepEqual(await dialog.locator('.command code').allInnerTexts(), [
        'apt install ./certherd-agent_0.1.0_amd64.deb',
        'certherd-agent enroll certherd://word',
      ]);
      await dialog.getByRole('button', { name: 'Close' }).click();
      // A closed dialog has forgotten it.
      await page.getByText('certherd://word').waitFor({ state: 'detached' });
    };
    await withPage(t, incidentEstate(new Date()), body, { path: 'hosts', complaints: /status of 422/ });
  },
);
