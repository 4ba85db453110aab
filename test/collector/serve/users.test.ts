import test from 'ava';
import { Check } from 'typebox/value';
import { routes } from '../../../collector/serve/api/routes.ts';
import { Problem } from '../../../collector/serve/api/views.ts';
import type { AuditView } from '../../../collector/serve/api/views.ts';
import type { ApiTokenMade, SessionView, UserMade, UserView } from '../../../collector/serve/account-bodies.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { addApiToken, addUsers, closed, form, password, signIn } from '../helpers/signed-in.ts';

test('an admin invites somebody by a link, changes what they may, and takes them out; each sees their own browsers and tokens', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'admin' });
  await closed(url);
  const { origin } = new URL(url);

  /** Asks as whoever has the cookie or the token; what is answered is as described. */
  async function ask<T = Record<string, unknown>>(
    who: string,
    method: string,
    path: string,
    body?: object,
  ): Promise<T & { status: number }> {
    const rights: Record<string, string> = who.startsWith('certherd_')
      ? { authorization: `Bearer ${who}` }
      : { cookie: who, origin };
    const headers = { ...rights, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const said: T = await answer.json();
    const described = routes.find(
      (one) => one.method === method && isAt(one.path, `/api/v1/${path.split('?')[0] ?? ''}`),
    );
    if (!described || !('schema' in described.answer)) throw new Error(`${method} ${path} is not described`);
    t.true(Check(answer.ok ? described.answer.schema : Problem, said), `${method} ${path}: ${JSON.stringify(said)}`);
    if (answer.ok) t.is(answer.status, described.status);
    return { ...said, status: answer.status };
  }

  const anna = await signIn(url, 'anna');
  const made = await ask<UserMade>(anna, 'POST', 'users', { name: 'Otto', role: 'operator', invite: true });
  t.like(made, { status: 201, name: 'otto' });
  t.is((await ask(anna, 'POST', 'users', { name: 'otto', role: 'viewer', invite: true })).status, 409);
  t.is((await ask(anna, 'POST', 'users', { name: 'no spaces', role: 'viewer', invite: true })).status, 422);
  t.is((await ask(anna, 'POST', 'users', { name: 'x', role: 'root', invite: true })).status, 400);
  const users = async () => (await ask<{ items: UserView[] }>(anna, 'GET', 'users')).items;
  const otto = async () => (await users()).find(({ name }) => name === 'otto');
  t.like(await otto(), { role: 'operator', signsIn: 'link', sessions: 0, inviteEndsAt: made.invite?.expiresAt });

  // The link: looked at as often as one likes, good once.
  const link = new URL(made.invite?.path ?? '', url);
  const token = link.searchParams.get('token') ?? '';
  t.true((await (await fetch(link)).text()).includes('Welcome, otto'));
  t.is((await fetch(new URL('/invite?token=other', url))).status, 410);
  const choose = (typed: string) => fetch(new URL('/invite', url), form(url, { token, password: typed }));
  t.is((await choose('short')).status, 422);
  const chosen = await choose(password);
  t.is(chosen.status, 303);
  t.is((await choose(password)).status, 410);
  const first = chosen.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const second = await signIn(url, 'otto');
  t.like(await otto(), { signsIn: 'password', sessions: 2 });

  // Their own browsers and tokens.
  const sessions = (await ask<{ items: SessionView[] }>(second, 'GET', 'me/sessions')).items;
  t.deepEqual([sessions.length, sessions.filter(({ own }) => own).length], [2, 1]);
  t.is((await ask(anna, 'DELETE', `me/sessions/${sessions[0]?.id}`)).status, 404, 'of others nobody ends one here');
  const other = sessions.find(({ own }) => !own)?.id ?? '';
  t.like(await ask(second, 'DELETE', `me/sessions/${other}`), { status: 200, changed: 1 });
  t.is((await ask(first, 'GET', 'me/sessions')).status, 401);
  const wish = { name: 'deploy', role: 'operator', days: 30 };
  const own = await ask<ApiTokenMade>(second, 'POST', 'api-tokens', wish);
  t.is(own.status, 201);
  t.is((await ask(second, 'POST', 'api-tokens', wish)).status, 409);
  t.is((await ask(second, 'POST', 'api-tokens', { ...wish, name: 'more', role: 'admin' })).status, 403, 'above them');
  const nobodys = await addApiToken(directory, 'nobodys', 'operator');
  t.is((await ask(nobodys, 'POST', 'api-tokens', { ...wish, name: 'more' })).status, 403, 'nobody would answer for it');
  const tokensOf = async (who: string) =>
    (await ask<{ items: { name: string; user?: string }[] }>(who, 'GET', 'api-tokens')).items.map(({ name }) => name);
  t.deepEqual(await tokensOf(own.token), ['deploy']);
  t.is((await ask(own.token, 'POST', 'api-tokens', { ...wish, name: 'heir' })).status, 403, 'it does not renew itself');
  const [browser] = (await ask<{ items: SessionView[] }>(own.token, 'GET', 'me/sessions')).items;
  t.is((await ask(own.token, 'DELETE', `me/sessions/${browser?.id}`)).status, 403, 'nor puts its user out');
  t.is((await ask(own.token, 'DELETE', 'api-tokens/deploy')).status, 403);
  t.deepEqual(await tokensOf(anna), ['deploy', 'nobodys']);
  t.is((await ask(second, 'DELETE', 'api-tokens/nobodys')).status, 404);
  t.is((await ask(anna, 'DELETE', 'api-tokens/nobodys')).status, 200);
  t.is((await ask(nobodys, 'GET', 'hosts')).status, 401);

  // What an admin does.
  t.is((await ask(anna, 'PATCH', 'users/otto', { role: 'viewer' })).status, 200);
  t.is((await ask(second, 'GET', 'me/sessions')).status, 401, 'they sign in again');
  t.is((await ask(own.token, 'POST', 'labels', {})).status, 403, 'a token may no more than its user');
  t.is((await ask(anna, 'PATCH', 'users/otto', {})).status, 400);
  t.is((await ask(anna, 'PATCH', 'users/otto', { role: 'viewer', disabled: true })).status, 400);
  for (const [method, path, body] of [
    ['PATCH', 'users/anna', { role: 'viewer' }],
    ['PATCH', 'users/anna', { disabled: true }],
    ['DELETE', 'users/anna', undefined],
  ] as const)
    t.is((await ask(anna, method, path, body)).status, 409, 'the last admin stays');
  await signIn(url, 'otto');
  t.like(await ask(anna, 'DELETE', 'users/otto/sessions'), { changed: 1 });
  const stream = await fetch(`${url}/api/v1/live`, { headers: { cookie: await signIn(url, 'otto') } });
  t.is((await ask(anna, 'PATCH', 'users/otto', { disabled: true })).status, 200);
  await t.throwsAsync(async () => {
    for await (const _ of stream.body ?? []) continue;
  });
  t.like(await otto(), { sessions: 0, apiTokens: 1 });
  t.is((await ask(own.token, 'GET', 'api-tokens')).status, 401);
  t.is((await fetch(new URL('/sign-in', url), form(url, { name: 'otto', password, next: '/' }))).status, 401);
  t.is((await ask(anna, 'POST', 'users/otto/invite')).status, 409);
  t.is((await ask(anna, 'PATCH', 'users/otto', { disabled: false })).status, 200);
  const again = await ask<UserMade>(anna, 'POST', 'users/otto/invite');
  t.is(again.status, 201);
  t.is((await fetch(new URL(again.invite?.path ?? '', url))).status, 200);
  t.is((await ask(anna, 'DELETE', 'users/otto')).status, 200);
  t.is((await ask(anna, 'DELETE', 'users/otto')).status, 404);
  t.is((await fetch(new URL(again.invite?.path ?? '', url))).status, 410);
  t.deepEqual(await tokensOf(anna), []);

  // The history has all of it, and no secret.
  const history = async (query: string) =>
    (await ask<{ items: AuditView[] }>(anna, 'GET', `audit?${query}`)).items.map(({ action }) => action);
  t.deepEqual(await history('subject=otto&actor=anna'), [
    'user-removed',
    'user-invited',
    'user-enabled',
    'user-disabled',
    'user-signed-out',
    'user-role-changed',
    'user-invited',
    'user-added',
  ]);
  t.deepEqual(await history('action=api-token-revoked&via=page'), ['api-token-revoked']);
  t.deepEqual(await history(`until=${new Date(0).toISOString()}`), []);
  const all = JSON.stringify(await ask(anna, 'GET', 'audit?limit=1000'));
  for (const secret of [token, own.token, password]) t.false(all.includes(secret));
  t.is((await users()).length, 1);
});

function isAt(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`).test(path);
}
