import cookie from '@fastify/cookie';
import test from 'ava';
import fastify from 'fastify';
import { createAttempts } from '../../../collector/serve/access/attempts.ts';
import { beginSession, notBegun } from '../../../collector/serve/access/begin-session.ts';
import { isOver } from '../../../collector/serve/access/session-cookie.ts';
import { turns } from '../../../collector/serve/access/turns.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { addUsers, closed, form, password, signIn, withAccounts } from '../helpers/signed-in.ts';

test('the set-up link makes the first admin, once, and signs it in', async (t) => {
  const { url, setUp = '', directory } = await startTestCollector(t);
  const link = `${url}/set-up?token=${setUp}`;
  const page = await fetch(link);
  t.is(page.status, 200);
  t.regex(
    page.headers.get('content-security-policy') ?? '',
    /^default-src 'none';style-src 'self'.*form-action 'self'/,
  );
  t.true((await page.text()).includes(`value="${setUp}"`));
  t.is((await fetch(`${url}/set-up?token=other`)).status, 410);
  const post = (fields: Record<string, string>) => fetch(`${url}/set-up`, form(url, fields));
  const short = await post({ token: setUp, name: 'Anna"><script>', password: 'short' });
  t.is(short.status, 422);
  t.false((await short.text()).includes('<script>'));
  t.is((await post({ token: 'other', name: 'anna', password })).status, 410);
  const made = await post({ token: setUp, name: 'Anna', password });
  t.is(made.status, 303);
  const cookie = made.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const me: { name: string; role: string; by: string; endsAt: string } = await (
    await fetch(`${url}/api/v1/me`, { headers: { cookie } })
  ).json();
  t.like(me, { name: 'anna', role: 'admin', by: 'session' });
  t.is((await post({ token: setUp, name: 'berta', password })).status, 410);
  t.is((await fetch(link)).status, 410);
  const audit: { items: { action: string; via: string }[] } = await (
    await fetch(`${url}/api/v1/audit`, { headers: { cookie } })
  ).json();
  t.deepEqual(
    audit.items.map(({ action, via }) => [action, via]),
    [
      ['signed-in', 'page'],
      ['set-up', 'set-up'],
    ],
  );
  t.is((await withAccounts(directory, (accounts) => accounts.users())).length, 1);
});

test('a session is a cookie that no script and no other site has, and ends with the sign-out, the password or the role', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'admin' });
  await closed(url);
  const answer = await fetch(`${url}/sign-in`, form(url, { name: ' ANNA ', password, next: '/?filter=x' }));
  t.is(answer.status, 303);
  t.is(answer.headers.get('location'), '/?filter=x');
  t.regex(
    answer.headers.getSetCookie()[0] ?? '',
    /^certherd=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', '/\u0000', ''])
    t.is(
      (await fetch(`${url}/sign-in`, form(url, { name: 'anna', password, next }))).headers.get('location'),
      '/',
      next,
    );
  const reads = async (cookie: string) => (await fetch(`${url}/api/v1/hosts`, { headers: { cookie } })).status;

  const first = await signIn(url, 'anna');
  const other = await signIn(url, 'anna');
  t.is(await reads(first), 200);
  const out = await fetch(`${url}/sign-out`, form(url, {}, first));
  t.is(out.status, 303);
  t.regex(out.headers.getSetCookie()[0] ?? '', /^certherd=; Max-Age=0; Path=\//);
  t.deepEqual([await reads(first), await reads(other)], [401, 200]);

  const change = (current: string, next: string) =>
    fetch(`${url}/account/password`, form(url, { current, password: next }, other));
  t.is((await change('wrong', 'another long password')).status, 422);
  t.is((await change(password, 'short')).status, 422);
  const third = await signIn(url, 'anna');
  const changed = await change(password, 'another long password');
  t.is(changed.status, 303);
  const fresh = changed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  t.deepEqual([await reads(other), await reads(third), await reads(fresh)], [401, 401, 200], 'everywhere else');
  t.is((await fetch(`${url}/sign-in`, form(url, { name: 'anna', password }))).status, 401);

  const entry = {
    at: Date.now(),
    actor: 'root',
    via: 'command',
    action: 'user-role-changed',
    subject: 'anna',
    detail: {},
  } as const;
  await withAccounts(directory, (accounts) => accounts.setRole('anna', 'viewer', entry));
  t.is(await reads(fresh), 401, 'what a command beside it changes counts at once');
});

test('an open stream ends with the session that it was opened by', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'viewer', berta: 'admin' });
  await closed(url);
  const cookie = await signIn(url, 'anna');
  const stream = await fetch(`${url}/api/v1/live`, { headers: { cookie } });
  const reader = stream.body?.getReader();
  t.false((await reader?.read())?.done);
  const entry = {
    at: Date.now(),
    actor: 'root',
    via: 'command',
    action: 'user-removed',
    subject: 'anna',
    detail: {},
  } as const;
  await withAccounts(directory, (accounts) => accounts.removeUser('anna', entry));
  const ended = (async () => {
    for (;;) if ((await reader?.read())?.done !== false) return true;
  })().catch(() => true);
  t.true(await ended);
});

test('sign-ins that fail too often wait, with the time in the answer, and are told in the history once', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'viewer' });
  const attempt = (name: string, typed: string) => fetch(`${url}/sign-in`, form(url, { name, password: typed }));
  for (let count = 0; count < 5; count++) t.is((await attempt('anna', 'wrong')).status, 401);
  const late = await attempt('anna', password);
  t.is(late.status, 429, 'the right one waits, too');
  t.true(Number(late.headers.get('retry-after')) > 800);
  t.is((await attempt('anna', 'wrong')).status, 429);
  t.is((await attempt('nobody', 'wrong')).status, 401, 'another name does not');
  const history = await withAccounts(directory, (accounts) => accounts.audit(undefined, 10));
  t.deepEqual(
    history.map(({ action, subject, detail }) => [action, subject, detail['address']]),
    [
      ['sign-in-failed-too-often', 'anna', '127.0.0.1'],
      ['user-added', 'anna', undefined],
    ],
  );
});

test('attempts are counted for a name, for a network whatever the names, and forgotten after a quarter of an hour', (t) => {
  const clock = handClock(0);
  const attempts = createAttempts(clock);
  const free = (name: string, address: string) => attempts.begin(name, address) === undefined;
  for (let count = 0; count < 20; count++) t.true(free(`name-${count}`, '2001:db8::1'));
  t.false(free('other', '2001:db8:0:0:ffff::2'), 'the same /64');
  t.true(free('other', '2001:db8:0:1::2'));
  t.true(free('other', '::ffff:192.0.2.1'));
  clock.advance(15 * 60_000);
  t.true(free('other', '2001:db8::1'));
  for (let count = 0; count < 50; count++) {
    t.true(free('anna', '192.0.2.7'));
    attempts.forget('anna', '192.0.2.7');
  }
  for (let count = 0; count < 50; count++) {
    t.true(free('carla', '192.0.2.8'));
    attempts.untry('carla', '192.0.2.8');
  }
  for (let count = 0; count < 5; count++) t.true(free('carla', '192.0.2.8'));
  attempts.untry('carla', '192.0.2.8');
  t.true(free('carla', '192.0.2.8'), 'those that failed still count');
  t.false(free('carla', '192.0.2.8'));
  for (let count = 0; count < 100; count++) t.true(free('berta', `198.51.100.${count}`));
  t.false(free('berta', '198.51.100.200'), 'from everywhere at once');
});

test('a session is over twelve hours after it was last used, and after a week whatever was', (t) => {
  const hour = 3_600_000;
  t.false(isOver({ seenAt: 0, endsAt: 168 * hour }, 12 * hour - 1));
  t.true(isOver({ seenAt: 0, endsAt: 168 * hour }, 12 * hour));
  t.true(isOver({ seenAt: 168 * hour - 1, endsAt: 168 * hour }, 168 * hour));
});

test('so many run at once, so many wait, and the rest are refused', async (t) => {
  const inTurn = turns(2, 1);
  const ends: (() => void)[] = [];
  const work = () => inTurn(() => new Promise<string>((resolve) => ends.push(() => resolve('done'))));
  const all = [work(), work(), work(), work()];
  t.is(await all[3], undefined);
  t.is(ends.length, 2);
  ends[0]?.();
  await until('the third runs', () => ends.length === 3);
  for (const end of ends) end();
  t.deepEqual(await Promise.all(all), ['done', 'done', 'done', undefined]);
  t.is(await inTurn(async () => 'again'), 'again');
});

test('whoever is taken out while they sign in is told that, and not to look at the disk', async (t) => {
  await withAccounts(temporaryDirectory(t), async (accounts) => {
    const app = fastify();
    await app.register(cookie);
    app.post('/', async (request, reply) => {
      const begun = await beginSession({ accounts, clock: systemClock }, request, reply, 'anna');
      return begun === 'begun' ? reply.send('signed in') : notBegun(reply, begun, 'anna');
    });
    const answer = await app.inject({ method: 'POST', url: '/' });
    t.is(answer.statusCode, 403);
    t.true(answer.body.includes('anna may not sign in any more'));
    t.deepEqual(answer.cookies, []);
    await app.close();
  });
});
