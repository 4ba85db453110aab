import test from 'ava';
import { snapshotFrame } from '../helpers/example-snapshot.ts';
import { lookedAt, openedAsOperator, twoNames } from './signed-in-page.ts';

test.serial(
  'an operator adds, changes and removes rules, sees what they give, and loses nothing where somebody was faster',
  async (t) => {
    const { page, problems, url, authorization, wire } = await openedAsOperator(t, 'inventory');
    wire.send(snapshotFrame(twoNames()));
    await page.getByText('No rule yet').waitFor();
    const dialog = page.getByRole('dialog');
    const rows = page.locator('table.rules tbody:not(.space) tr');
    const add = async (of: 'host' | 'name', pattern: string, key: string, value: string) => {
      await page.getByRole('button', { name: 'Add a rule' }).click();
      await dialog.getByRole('combobox', { name: 'Of' }).selectOption(of);
      await dialog.getByLabel(/^Pattern/).fill(pattern);
      await dialog.getByLabel('Label').fill(key);
      await dialog.getByLabel('Value').fill(value);
      await dialog.getByLabel('Value').press('Enter');
    };
    await add('host', 'WEB-*', 'owner', 'platform');
    await rows.filter({ hasText: 'web-*' }).getByText('1 host, 2 names').waitFor();
    await add('name', '*.example.test', 'owner', 'payments');
    await rows.filter({ hasText: '*.example.test' }).getByText('2 names').waitFor();
    await rows.filter({ hasText: 'web-*' }).getByText('1 host', { exact: true }).waitFor();
    await add('name', 'shop.example.test', 'Team', 'web');
    await dialog.getByText('a key is a lower-case letter').waitFor();
    await dialog.getByText('Fits 1 name now.').waitFor();
    await dialog.getByLabel('Label').fill('team');
    await lookedAt(t, page, 'inventory-dialog');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await rows.nth(2).waitFor();

    await page.getByRole('button', { name: 'Change owner of web-*' }).click();
    const rules = async () => {
      const answer = await fetch(`${url}api/v1/labels`, { headers: { authorization } });
      const { items }: { items: { id: number; tag: string; pattern: string; value: string }[] } = await answer.json();
      return items;
    };
    const seen = (await rules()).find(({ pattern }) => pattern === 'web-*');
    await fetch(`${url}api/v1/labels/${seen?.id}`, {
      method: 'PATCH',
      headers: { authorization, 'content-type': 'application/json', 'if-match': `"${seen?.tag}"` },
      body: JSON.stringify({ value: 'ops' }),
    });
    await dialog.getByLabel('Value').fill('hosting');
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await dialog.getByText(/host web-\* has owner=ops since .*, by other\. Nothing was changed\. Once more/).waitFor();
    t.is(await dialog.getByLabel('Value').inputValue(), 'hosting', 'what was typed is there');
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await dialog.waitFor({ state: 'detached' });
    await rows.filter({ hasText: 'hosting' }).waitFor();
    t.is((await rules()).find(({ pattern }) => pattern === 'web-*')?.value, 'hosting');
    await lookedAt(t, page, 'inventory-rules');

    await page.getByRole('link', { name: 'What has which label' }).click();
    const given = page.locator('table.given tbody:not(.space) tr');
    await given.nth(3).waitFor();
    t.deepEqual(
      (await given.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').replace(/ otto$/, '')).sort(),
      [
        'pay.example.test on web-1 name owner payments name *.example.test',
        'shop.example.test on web-1 name owner payments name *.example.test',
        'shop.example.test on web-1 name team web name shop.example.test',
        'web-1 host owner hosting host web-*',
      ],
    );
    await lookedAt(t, page, 'inventory-given');

    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByRole('button', { name: 'Change owner of web-*' }).click();
    await dialog.getByRole('button', { name: 'Remove…' }).click();
    await dialog.getByRole('button', { name: 'Remove it now' }).click();
    await rows.filter({ hasText: 'web-*' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Hosts', exact: true }).click();
    await page.locator('table.hosts').waitFor();
    await page.getByText('hosting').waitFor({ state: 'detached' });
    t.deepEqual(
      problems.filter((problem) => !/status of 412/.test(problem)),
      [],
    );
  },
);

test.serial('a sheet is looked at row by row before it is imported, and nothing is half imported', async (t) => {
  const { page, problems, wire } = await openedAsOperator(t, 'inventory/import');
  wire.send(snapshotFrame(twoNames()));
  const text =
    'Domain,Expiration,Issuer,Owner,Cost centre\nshop.example.test,2031-01-01,Corp CA,payments,12\nnot a name,,,x,\n<b>bad</b>,,,,\n';
  await page
    .getByLabel(/^A sheet/)
    .setInputFiles({ name: 'estate.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Look what it would change' }).click();
  await page.getByText('1 new, 0 as before, 2 wrong, 0 go').waitFor();
  const rows = page.locator('table.verdicts tbody tr');
  t.regex((await rows.first().innerText()).replaceAll(/\s+/g, ' '), /^wrong line 3 "not a name" is no DNS name/);
  t.regex((await rows.nth(2).innerText()).replaceAll(/\s+/g, ' '), /^new line 2 shop\.example\.test .*, differs$/);
  await lookedAt(t, page, 'inventory-import');
  const take = page.getByRole('button', { name: 'Import 1 row' });
  t.is(await take.getAttribute('aria-disabled'), 'true');
  await page.getByLabel('Leave out what is wrong').check();
  let taken = 0;
  page.on('request', (one) => {
    if (one.method() === 'POST' && one.url().endsWith('/listed')) taken += 1;
  });
  await take.evaluate((button) => {
    for (let press = 0; press < 2; press++) button.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  });
  await page.getByText('It is imported.').waitFor();
  t.is(taken, 1, 'it is pressed twice, and sent once');
  await page.getByRole('link', { name: 'Save the list as CSV' }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Save the list as CSV' }).click(),
  ]);
  t.is(download.suggestedFilename(), 'listed.csv');

  await page
    .getByLabel(/^A sheet/)
    .setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from([0x44, 0xff]) });
  await page.getByText('It is not UTF-8').waitFor();
  await page.getByLabel('or as text').fill('a,b\n1,2\n');
  await page.getByRole('button', { name: 'Look what it would change' }).click();
  await page.getByText(/^Nothing was imported\. no column has the names/).waitFor();
  await page.getByRole('link', { name: 'Rules' }).click();
  await page.locator('table.rules tr', { hasText: 'cost_centre' }).waitFor();
  t.deepEqual(
    problems.filter((problem) => !/status of 422/.test(problem)),
    [],
  );
});
