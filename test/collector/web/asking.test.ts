import test from 'ava';
import type { RequestView } from '../../../collector/serve/request-view.ts';
import { incidentEstate } from './example-incident.ts';
import { pagesOf } from './opened-page.ts';

const withPage = pagesOf(test);

const asked: RequestView = {
  id: 'one',
  agentId: 'agent-web-1',
  hostName: 'web-1',
  verb: 'reload',
  subject: { kind: 'server', id: 'nginx' },
  requester: 'anna',
  reason: 'why',
  askedAt: new Date().toISOString(),
  until: new Date().toISOString(),
  state: 'sent',
};

test.serial('an operator asks a host from the page, sure of it, and sees progress, outcome and refusal', async (t) => {
  await withPage(
    t,
    incidentEstate(new Date()),
    async ({ page, server }) => {
      const asking = page.locator('.need').first().locator('.asking');
      t.is(await asking.count(), 0, 'who may not ask sees no button');

      const bodies: unknown[] = [];
      let state: Partial<RequestView> = {};
      server.on('GET /api/v1/me', () => [200, { version: 1, by: 'session', name: 'anna', role: 'operator' }]);
      server.on(`GET /api/v1/requests/${asked.id}`, () => [200, { version: 1, ...asked, ...state }]);
      server.on('POST /api/v1/requests', (body) => {
        bodies.push(JSON.parse(body));
        return [202, asked];
      });
      await page.reload();
      await page.locator('.who', { hasText: 'anna, operator' }).waitFor();
      t.deepEqual(await asking.getByRole('button').allInnerTexts(), ['Reload nginx', 'Verify checkout.example.com']);
      await asking.getByRole('button', { name: 'Reload nginx' }).click();
      t.deepEqual(bodies, [], 'a change is asked for twice');
      await asking.getByRole('button', { name: 'Reload now' }).click();
      await asking.getByText('web-1 was asked and is at it…').waitFor();
      t.is(await asking.getByRole('button', { name: 'Reload nginx' }).getAttribute('aria-disabled'), 'true');
      const [{ key, ...body }] = bodies as [Record<string, unknown>];
      t.regex(String(key), /^[0-9a-f-]{36}$/);
      t.deepEqual(body, {
        host: 'agent-web-1',
        verb: 'reload',
        subject: 'nginx',
        reason: 'on the page: not-served, checkout.example.com',
      });

      state = { state: 'refused', refused: 'too-often', summary: 'a reload was made 20 s ago\u202e' };
      await asking.getByText('web-1 refused: too-often: a reload was made 20 s ago⟦U+202E⟧').waitFor();

      server.on('POST /api/v1/requests', () => [401, { title: 'Unauthorized', detail: 'Your session is over.' }]);
      await asking.getByRole('button', { name: 'Verify' }).click();
      await asking.getByText('Not asked: Your session is over.').waitFor();
      t.is(await asking.getByRole('link', { name: 'Sign in again' }).getAttribute('href'), '/sign-in');
    },
    { complaints: /status of 401/ },
  );
});
