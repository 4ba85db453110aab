import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import { Check } from 'typebox/value';
import { roles } from '../../../collector/accounts/roles.ts';
import { routeTable } from '../../../collector/serve/access/route-table.ts';
import { WallView } from '../../../collector/serve/wall-view.ts';
import { plainWeb, startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { addApiToken, addUsers, closed, form, signIn, withAccounts } from '../helpers/signed-in.ts';

/** Written down a second time, by hand: what nobody, viewers, operators and admins may have. */
const expected: Readonly<Record<string, 'nobody' | 'viewer' | 'operator' | 'admin'>> = {
  'GET /': 'viewer',
  'GET /account': 'viewer',
  'GET /answer/:token': 'nobody',
  'POST /answer/:token': 'nobody',
  'GET /api': 'viewer',
  'GET /api/v1/audit': 'admin',
  'GET /api/v1/campaign-plan': 'viewer',
  'GET /api/v1/campaigns': 'viewer',
  'GET /api/v1/campaigns/:id': 'viewer',
  'POST /api/v1/campaigns': 'operator',
  'POST /api/v1/campaigns/:id': 'operator',
  'GET /api/v1/certificates': 'viewer',
  'GET /api/v1/certificates/:fingerprint/history': 'viewer',
  'GET /api/v1/endpoint-history': 'viewer',
  'GET /api/v1/certificates/:fingerprint/pem': 'viewer',
  'GET /api/v1/endpoints': 'viewer',
  'GET /api/v1/estate': 'viewer',
  'GET /api/v1/events': 'viewer',
  'GET /api/v1/findings': 'viewer',
  'GET /api/v1/history': 'viewer',
  'GET /api/v1/hosts': 'viewer',
  'GET /api/v1/labels': 'viewer',
  'GET /api/v1/targets': 'viewer',
  'GET /api/v1/targets/:id/history': 'viewer',
  'GET /api/v1/transparency': 'viewer',
  'GET /api/v1/lineages': 'viewer',
  'GET /api/v1/live': 'viewer',
  'GET /api/v1/me': 'nobody',
  'GET /api/v1/me/sessions': 'viewer',
  'DELETE /api/v1/me/sessions/:id': 'viewer',
  'GET /api/v1/api-tokens': 'viewer',
  'POST /api/v1/api-tokens': 'viewer',
  'DELETE /api/v1/api-tokens/:name': 'viewer',
  'GET /api/v1/users': 'admin',
  'POST /api/v1/users': 'admin',
  'PATCH /api/v1/users/:name': 'admin',
  'DELETE /api/v1/users/:name': 'admin',
  'POST /api/v1/users/:name/invite': 'admin',
  'DELETE /api/v1/users/:name/sessions': 'admin',
  'GET /invite': 'nobody',
  'POST /invite': 'nobody',
  'GET /api/v1/openapi.json': 'viewer',
  'GET /api/v1/requests': 'viewer',
  'GET /api/v1/requests/:id': 'viewer',
  'GET /api/v1/restorations': 'viewer',
  'GET /api/v1/wall': 'viewer',
  'GET /healthz': 'nobody',
  'GET /metrics': 'viewer',
  'GET /set-up': 'nobody',
  'GET /sign-in': 'nobody',
  'GET /sign-in/provider': 'nobody',
  'GET /sign-in/return': 'nobody',
  'POST /account/password': 'viewer',
  'POST /api/v1/labels': 'operator',
  'PATCH /api/v1/labels/:id': 'operator',
  'DELETE /api/v1/labels/:id': 'operator',
  'GET /api/v1/listed.csv': 'viewer',
  'POST /api/v1/listed': 'operator',
  'POST /api/v1/listed/check': 'operator',
  'GET /api/v1/incidents': 'viewer',
  'POST /api/v1/incidents/:id/acknowledgement': 'operator',
  'DELETE /api/v1/incidents/:id/acknowledgement': 'operator',
  'GET /api/v1/silences': 'viewer',
  'POST /api/v1/silences': 'operator',
  'DELETE /api/v1/silences/:id': 'operator',
  'POST /api/v1/targets': 'operator',
  'DELETE /api/v1/targets/:id': 'operator',
  'POST /api/v1/targets/:id/look': 'operator',
  'DELETE /api/v1/labels': 'operator',
  'POST /api/v1/requests': 'operator',
  'POST /api/v1/tokens': 'admin',
  'POST /set-up': 'nobody',
  'POST /sign-in': 'nobody',
  'POST /sign-out': 'nobody',
};

test('each route is for the roles that the table says, by session and by API token, and for nobody else', async (t) => {
  const secretFile = join(temporaryDirectory(t), 'secret');
  writeFileSync(secretFile, 'secret');
  // Nobody answers there, which is an answer, too.
  const provider = { issuer: 'http://127.0.0.1:1', client: 'certherd', secretFile } as const;
  const oidc = { ...provider, nameClaim: 'sub', newRole: undefined } as const;
  const { url, directory, webRoutes } = await startTestCollector(t, { web: { ...plainWeb, oidc } });
  t.deepEqual([...new Set(webRoutes)].sort(), Object.keys(expected).sort(), 'a new route is listed here, too');
  await addUsers(directory, { vera: 'viewer', otto: 'operator', anna: 'admin' });
  await closed(url);
  const callers: [who: string, role: string | undefined, headers: Record<string, string>][] = [
    ['nobody', undefined, {}],
    ['a wrong cookie', undefined, { cookie: 'certherd=AAAA' }],
    ['a wrong token', undefined, { authorization: 'Bearer certherd_AAAA' }],
    ['another scheme', undefined, { authorization: 'Basic YW5uYTphbm5h' }],
  ];
  for (const [name, role] of [
    ['vera', 'viewer'],
    ['otto', 'operator'],
    ['anna', 'admin'],
  ] as const) {
    callers.push([name, role, { cookie: await signIn(url, name) }]);
    callers.push([`${name}'s token`, role, { authorization: `Bearer ${await addApiToken(directory, name, role)}` }]);
  }
  const over = await addApiToken(directory, 'over', 'admin', -1);
  callers.push(['a token that is over', undefined, { authorization: `Bearer ${over}` }]);

  const order = [undefined, ...roles];
  let asked = 0;
  for (const [route, least] of Object.entries(expected))
    for (const [who, role, headers] of callers) {
      if (route === 'POST /sign-out' && role !== undefined) continue;
      const [method = '', path = ''] = route.split(' ');
      const status = await statusOf(
        method,
        url + path.replace(':fingerprint', 'a'.repeat(64)).replace(':id', '1'),
        headers,
      );
      const may =
        order.indexOf(roles.find((each) => each === role)) >= order.indexOf(roles.find((each) => each === least));
      const isRefused = [401, 403].includes(status) || (status === 303 && role === undefined && method === 'GET');
      // What only who signed in with a password may do.
      const isOwnSession = route === 'POST /account/password' && who.endsWith('token');
      if (route !== 'POST /sign-in') t.is(isRefused, !may || isOwnSession, `${route} by ${who}: ${status}`);
      asked += 1;
    }
  t.true(asked > 250, `${asked} answers`);
});

/** A stream is ended once its head has come. */
async function statusOf(method: string, address: string, headers: Record<string, string>): Promise<number> {
  const ending = new AbortController();
  const isForm = /\/(?:sign-in|sign-out|set-up|invite(?<!\/api\/.*)|password)$/.test(address);
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const response = await fetch(address, {
    method,
    redirect: 'manual',
    signal: ending.signal,
    headers: { ...headers, ...(method !== 'GET' && { origin: new URL(address).origin, 'content-type': type }) },
    ...(method !== 'GET' && { body: isForm ? 'name=x' : '{}' }),
  });
  ending.abort();
  return response.status;
}

test('a route that is not in the table is for nobody, and a page of the list is for viewers', (t) => {
  const table = routeTable(['/', '/wall', '/assets/page.js']);
  t.is(table('GET', '/api/v1/secrets'), undefined);
  t.is(table('POST', '/api/v1/hosts'), undefined);
  t.is(table('HEAD', '/api/v1/hosts')?.least, 'viewer');
  t.is(table('GET', '/')?.least, 'viewer');
  t.is(table('GET', '/assets/page.js')?.least, 'nobody');
  t.true(table('GET', '/wall')?.wall);
});

test('before there is a user the page of this machine is read by whoever comes, and changes nothing', async (t) => {
  const { url, directory } = await startTestCollector(t);
  const me = async () => (await fetch(`${url}/api/v1/me`)).json();
  t.deepEqual(await me(), { version: 1, by: 'open', role: 'viewer' });
  t.is((await fetch(url)).status, 200);
  for (const path of ['/api/v1/requests', '/api/v1/labels', '/api/v1/tokens'])
    t.is(await statusOf('POST', url + path, {}), 403, path);
  t.is((await fetch(`${url}/api/v1/audit`)).status, 403);
  await addUsers(directory, { anna: 'admin' });
  await closed(url);
  t.deepEqual(await me(), { version: 1, by: 'nobody' });
});

test('with web_sign_in nobody reads, also before there is a user; a page leads to the sign-in, and back', async (t) => {
  const { url } = await startTestCollector(t, { web: { ...plainWeb, signIn: true } });
  const page = await fetch(`${url}/?filter=a%26b`, { redirect: 'manual' });
  t.is(page.status, 303);
  t.is(page.headers.get('location'), '/sign-in?next=%2F%3Ffilter%3Da%2526b');
  const api = await fetch(`${url}/api/v1/estate`);
  t.is(api.status, 401);
  t.is(api.headers.get('www-authenticate'), 'Bearer');
  t.is(api.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  t.true((await (await fetch(`${url}/sign-in`)).text()).includes('Nobody can sign in yet'));
  const bounced = await fetch(url, { headers: { 'sec-fetch-site': 'cross-site' } });
  t.is(bounced.status, 200, 'a link of another site comes without the cookie: asked again from here it has it');
  t.true((await bounced.text()).includes('http-equiv="refresh" content="0;url=/"'));
});

test('with web_anonymous the wall and what it shows are for whoever comes, and nothing else', async (t) => {
  const { url, directory } = await startTestCollector(t, { web: { ...plainWeb, anonymous: 'wall' } });
  await addUsers(directory, { anna: 'admin' });
  await closed(url);
  const shown = await fetch(`${url}/api/v1/wall`);
  t.is(shown.status, 200);
  t.true(Check(WallView, await shown.json()));
  for (const path of ['/api/v1/estate', '/api/v1/live', '/api/v1/hosts', '/api/v1/events', '/metrics', '/api/v1/audit'])
    t.is(await statusOf('GET', url + path, {}), 401, path);
  t.is(await statusOf('GET', `${url}/`, {}), 303);
});

test('what another site has a browser send is refused, whatever cookie comes with it', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'admin' });
  const cookie = await signIn(url, 'anna');
  const { origin } = new URL(url);
  const status = async (headers: Record<string, string>) =>
    (
      await fetch(`${url}/api/v1/tokens`, {
        method: 'POST',
        body: '{}',
        headers: { cookie, 'content-type': 'application/json', ...headers },
      })
    ).status;
  t.is(await status({ origin }), 201);
  t.is(await status({ 'sec-fetch-site': 'same-origin' }), 201);
  for (const headers of [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${origin}.evil.example` },
    { origin: origin.replace('http:', 'https:') },
    { 'sec-fetch-site': 'cross-site', origin },
    { 'sec-fetch-site': 'same-site', origin },
    { 'sec-fetch-site': 'none' },
  ])
    t.is(await status(headers as Record<string, string>), 403, JSON.stringify(headers));
  const signInFrom = async (from: string) => {
    const request = form(url, { name: 'anna', password: 'x' });
    return (await fetch(`${url}/sign-in`, { ...request, headers: { origin: from } })).status;
  };
  t.is(await signInFrom('https://evil.example'), 403, 'nor may it sign a browser in');
});

test('whoever is removed while the body of their request is on its way changes nothing', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'admin', berta: 'admin' });
  const cookie = await signIn(url, 'berta');
  const begin = async (path: string, body: object) => {
    const text = JSON.stringify(body);
    const { origin } = new URL(url);
    const headers = { cookie, origin, 'content-type': 'application/json', 'content-length': text.length };
    const asking = httpRequest(`${url}/api/v1/${path}`, {
      method: 'POST',
      headers: { ...headers, expect: '100-continue' },
    });
    asking.flushHeaders();
    await once(asking, 'continue');
    asking.write(text.slice(0, -1));
    return async () => {
      const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
      asking.end(text.slice(-1));
      const [answer] = await answered;
      answer.resume();
      return answer.statusCode;
    };
  };
  const begun = [
    await begin('api-tokens', { name: 'stays', role: 'admin', days: 3650 }),
    await begin('users', { name: 'carl', role: 'admin', invite: true }),
  ];
  t.is((await fetch(`${url}/api/v1/users`, { headers: { cookie } })).status, 200, 'until now it may');
  const entry = { at: 1, actor: 'root', via: 'command', action: 'user-removed', subject: 'berta', detail: {} } as const;
  await withAccounts(directory, (accounts) => accounts.removeUser('berta', entry));
  for (const end of begun) t.is(await end(), 401);
  await withAccounts(directory, async (accounts) => {
    t.deepEqual(await accounts.apiTokens(), []);
    t.is((await accounts.users()).length, 1);
  });
});
