import test from 'ava';
import type { Estate } from '../../../collector/serve/estate.ts';
import { healthyEstate, on } from './example-estate.ts';
import { incidentEstate } from './example-incident.ts';
import { type Opened, pagesOf } from './opened-page.ts';

const withPage = pagesOf(test);

const markup = '<img src=x onerror="document.body.dataset.owned=1">';
const hostile = `${markup}<script>document.body.dataset.owned=1</script>\u202emoc.knab\u0000\u001b[2J"'&\u200b`;
const shown = `${markup}<script>document.body.dataset.owned=1</script>⟦U+202E⟧moc.knab␀␛[2J"'&⟦U+200B⟧`;

const placesOfNames = {
  Now: ['.need h2', '.events', '.evidence', '.labels'],
  Certificates: ['table.certificates'],
  [hostile.slice(0, 20)]: ['.detail-head', '.names', '.chain-picture', '.plain-list'],
  Endpoints: ['table.endpoints'],
  Hosts: ['table.hosts'],
  [`0${hostile.slice(0, 20)}`]: ['.detail-head', '.evidence', 'table.endpoints'],
};

/** Every string that a stranger can choose, hostile. */
function hostileEstate(at: Date): Estate {
  const estate = incidentEstate(at);
  return {
    ...estate,
    hosts: estate.hosts.map((host, index) => ({
      ...host,
      name: `${index}${hostile}`,
      reason: hostile,
      platform: hostile,
      agentVersion: hostile,
    })),
    certificates: estate.certificates.map((certificate) => ({
      ...certificate,
      subject: hostile,
      issuer: `CN=${hostile}`,
      key: hostile,
      subjectAltNames: [hostile, ...certificate.subjectAltNames],
      files: [{ ...on('web-1'), path: hostile }],
    })),
    endpoints: estate.endpoints.map((endpoint) => ({
      ...endpoint,
      serverName: hostile,
      hostName: hostile,
      labels: { owner: hostile, runbook: 'javascript:document.body.dataset.owned=1' },
    })),
    findings: estate.findings.map((finding) => ({
      ...finding,
      hostName: hostile,
      cause: hostile,
      remedy: `rm ${hostile}`,
      evidence: { [hostile.slice(0, 60)]: hostile },
    })),
    events: estate.events.map((event) => ({
      ...event,
      summary: hostile,
      hostName: hostile,
      detail: { output: hostile },
      steps: [{ step: hostile, ok: true, durationMs: 1, detail: hostile }],
    })),
  };
}

test.serial(
  'hostile names are text on every page, hidden characters are visible, in attributes too, and nothing runs',
  async (t) => {
    await withPage(t, hostileEstate(new Date()), async ({ page, requests, server }) => {
      for (const [name, parts] of Object.entries(placesOfNames)) {
        await page.getByRole('link', { name }).first().click();
        await page
          .locator(parts[0] ?? '')
          .first()
          .waitFor();
        await page.locator('details').evaluateAll((all) => {
          for (const details of all) details.setAttribute('open', '');
        });
        for (const part of parts) {
          const text = (await page.locator(part).first().textContent()) ?? '';
          t.true(text.includes(shown), `${part} shows it`);
        }
        t.is(await page.locator('.labels a').count(), 0, 'a script is no address');
        const text = (await page.locator('body').textContent()) ?? '';
        // eslint-disable-next-line no-control-regex
        t.notRegex(text, /[\u0000\u001b\u202e\u200b]/);
        t.is(await page.locator('img, #page script').count(), 0);
        t.is(await page.locator('body').getAttribute('data-owned'), null);
        const attributes = await page
          .locator('#page *')
          .evaluateAll((all) => all.flatMap((element) => [...element.attributes].map(({ value }) => value)).join('\n'));
        // eslint-disable-next-line no-control-regex
        t.notRegex(attributes, /[\u0000\u001b\u202e\u200b]/);
      }
      t.false(requests.includes(`${server.url}x`));
    });
  },
);

test.serial('a remedy with hidden characters cannot be copied', async (t) => {
  await withPage(t, hostileEstate(new Date()), async ({ page }) => {
    const first = page.locator('.need').first();
    await first.getByText('Holds hidden characters: not to be copied.').waitFor();
    t.is(await first.getByRole('button', { name: 'Copy' }).count(), 0);
  });
});

test.serial('ten thousand names and a subject of 64 KB are cut and the page stays quick', async (t) => {
  const estate = healthyEstate(new Date());
  const certificates = estate.certificates.map((certificate, index) =>
    index > 0
      ? certificate
      : {
          ...certificate,
          subject: `CN=${'s'.repeat(65_000)}`,
          issuer: `CN=${'i'.repeat(65_000)}`,
          subjectAltNames: Array.from({ length: 10_000 }, (_, name) => `name-${name}.example.com`),
        },
  );
  const body = async ({ page }: Opened) => {
    const row = page.locator('table.certificates tbody tr', { hasText: 'and 9999 more' });
    t.true(((await row.textContent()) ?? '').length < 1000);
    await page.locator('input[type=search]').fill('name-9999.example');
    await page.locator('table.certificates tbody tr[aria-rowindex]').nth(1).waitFor({ state: 'detached' });
    await row.getByRole('link').click();
    await page.locator('.names', { hasText: 'and 9900 more' }).waitFor();
    t.is(await page.locator('.names li').count(), 101);
    t.true(((await page.locator('main').textContent()) ?? '').length < 20_000);
    t.regex(await page.locator('main').innerText(), /\(65003 characters\)/);
  };
  await withPage(t, { ...estate, certificates }, body, { path: 'certificates' });
});
