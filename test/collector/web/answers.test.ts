import test from 'ava';
import { readNotify } from '../../../collector/notify/read-settings.ts';
import { finding, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startReceiver } from '../helpers/receivers.ts';
import { until } from '../../helpers/testbed/until.ts';
import { lookedAt, openedAsOperator, twoNames } from './signed-in-page.ts';

test.serial(
  'what needs a person is taken on and given back, silenced and told again, from the page; who, why and until when stands there',
  async (t) => {
    const hook = await startReceiver(t);
    const kinds = () => hook.received.map(({ body }) => String(JSON.parse(body).kind)).join(' ');
    const notify = readNotify(
      {
        channel: [{ kind: 'webhook', name: 'hook', url: hook.url }],
        rule: [{ name: 'one', code: ['not-served'], wait: '0s', to: ['hook'] }],
      },
      (place, what) => t.fail(`${place.join('.')}: ${what}`),
    );
    const { page, problems, url, authorization, wire } = await openedAsOperator(t, '', { notify });
    wire.send(snapshotFrame({ ...twoNames(), findings: [finding()] }));
    const need = page.locator('.need').first();
    await until('it is told', () => kinds() === 'opened');
    // It is read again every fifteen seconds, and at once when the page is opened.
    await page.reload();
    await need.getByRole('button', { name: 'Take it on…' }).click();
    const reason = need.getByLabel('Why, for the others');
    t.true(await reason.evaluate((field) => field === document.activeElement), 'the field has the focus');
    await page.keyboard.press('Escape');
    await reason.waitFor({ state: 'detached' });
    await need.getByRole('button', { name: 'Take it on…' }).click();
    await reason.press('Enter');
    await reason.fill('reload at noon <b>');
    await reason.press('Enter');
    await need.getByText(/^Taken on by otto, (?:now|\d+ s ago): reload at noon <b>/).waitFor();
    await until('the others are told', () => kinds() === 'opened acknowledged');
    t.is(await need.getByRole('button', { name: 'Take it on…' }).count(), 0);
    await need.getByRole('button', { name: 'Give it back' }).click();
    await need.getByRole('button', { name: 'Take it on…' }).waitFor();

    await need.getByRole('button', { name: 'Silence…' }).click();
    t.deepEqual(await need.getByLabel('What is told to nobody').locator('option').allInnerTexts(), [
      'this finding',
      `${finding().code} of shop.example.test on web-1`,
      `${finding().code} on web-1`,
      'everything on web-1',
    ]);
    await need.getByLabel('What is told to nobody').selectOption('everything on web-1');
    await need.getByLabel('For how long').selectOption('1 d');
    await reason.fill('another rack');
    await lookedAt(t, page, 'now-silence');
    await need.getByRole('button', { name: 'Silence it' }).click();
    await need.getByText('Silent, ends in 23 h, by otto: another rack').waitFor();
    await need.getByRole('button', { name: 'Take it on…' }).click();
    await reason.fill('meanwhile');
    await reason.press('Enter');
    await need.getByText(/^Taken on by otto/).waitFor();
    await lookedAt(t, page, 'now-answered');
    const silences = async () => {
      const answer = await fetch(`${url}api/v1/silences`, { headers: { authorization } });
      const { items }: { items: { id: string; match: object }[] } = await answer.json();
      return items;
    };
    const [silence] = await silences();
    t.deepEqual(silence?.match, { host: 'web-1' });
    const ended = await fetch(`${url}api/v1/silences/${silence?.id}`, { method: 'DELETE', headers: { authorization } });
    t.is(ended.status, 200);
    await need.getByRole('button', { name: 'End it' }).click();
    await need.getByText('Nothing was changed: No such silence holds.').waitFor();
    await need.getByText('Silent, ends').waitFor({ state: 'detached' });
    t.deepEqual(
      problems.filter((problem) => !/status of 409/.test(problem)),
      [],
    );
  },
);
