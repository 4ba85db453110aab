import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { OidcSettings } from '../../../collector/config-web.ts';
import type { ExecutionContext } from 'ava';
import { clientSecret, followingBrowser, startOpenIdProvider } from '../helpers/openid-provider.ts';
import { plainWeb, startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { addUsers, withAccounts } from '../helpers/signed-in.ts';

async function served(t: ExecutionContext, change: Partial<OidcSettings> = {}) {
  const provider = await startOpenIdProvider(t);
  const secretFile = join(temporaryDirectory(t), 'secret');
  writeFileSync(secretFile, `${clientSecret}\n`);
  const oidc: OidcSettings = {
    issuer: provider.issuer,
    client: 'certherd',
    secretFile,
    nameClaim: 'preferred_username',
    newRole: undefined,
    ...change,
  };
  const collector = await startTestCollector(t, { web: { ...plainWeb, signIn: true, oidc } });
  provider.knows(`${collector.url}/sign-in/return`);
  const comes = async (browser = followingBrowser()) => {
    const { status, text, address } = await browser.open(`${collector.url}/sign-in/provider?next=/hosts`);
    const cookie = browser.jarOf(new URL(collector.url)).get('certherd');
    const me = await fetch(`${collector.url}/api/v1/me`, { headers: { cookie: `certherd=${cookie ?? ''}` } });
    return { status, text, address, me: (await me.json()) as Record<string, unknown> };
  };
  return { ...collector, provider, comes };
}

test('whom an admin has made without a password signs in by the provider, and is the same person from then on', async (t) => {
  const { url, directory, provider, comes } = await served(t);
  t.true((await (await fetch(`${url}/sign-in`)).text()).includes(`Sign in with ${new URL(provider.issuer).host}`));
  const entry = { at: 1, actor: 'root', via: 'command', action: 'user-added', subject: 'anna', detail: {} } as const;
  const user = { name: 'anna', role: 'operator', password: undefined, identity: undefined, createdAt: 1 } as const;
  await withAccounts(directory, async (accounts) => {
    await accounts.addUser({ ...user, elsewhere: true }, entry);
    await accounts.addUser({ ...user, name: 'linked', role: 'admin' }, entry);
  });
  await addUsers(directory, { root: 'admin' });

  provider.person = { subject: '17', claims: { preferred_username: 'Anna' } };
  const first = await comes();
  t.is(first.status, 200);
  t.true(
    first.text.includes('http-equiv="refresh" content="0;url=/hosts"'),
    'a page of ours leads on, with the cookie',
  );
  t.like(first.me, { by: 'session', name: 'anna', role: 'operator' });

  provider.person = { subject: '17', claims: { preferred_username: 'renamed' } };
  t.like((await comes()).me, { name: 'anna' }, 'known by what never changes');
  provider.person = { subject: '18', claims: { preferred_username: 'anna' } };
  const impostor = await comes();
  t.is(impostor.status, 403);
  t.deepEqual(impostor.me, { version: 1, by: 'nobody' }, 'another person of that name');
  provider.person = { subject: '19', claims: { preferred_username: 'root' } };
  t.is((await comes()).status, 403, 'who has a password here is not taken over by a name there');
  provider.person = { subject: '22', claims: { preferred_username: 'linked' } };
  t.is((await comes()).status, 403, 'nor who has not used the link yet that sets one');
  provider.person = { subject: '20', claims: { preferred_username: 'stranger' } };
  const stranger = await comes();
  t.is(stranger.status, 403);
  t.true(stranger.text.includes('certherd-collector user add stranger --role viewer --no-password'));
  provider.person = { subject: '21', claims: { preferred_username: '<script>' } };
  t.false((await comes()).text.includes('<script>'));
  const history = await withAccounts(directory, (accounts) => accounts.audit(undefined, 10));
  t.deepEqual(
    history.filter(({ action }) => action === 'signed-in').map(({ actor, detail }) => [actor, detail['issuer']]),
    [
      ['anna', provider.issuer],
      ['anna', provider.issuer],
    ],
  );
});

test('whoever the provider knows comes in where the settings say so, by an address that it has verified', async (t) => {
  const { directory, provider, comes } = await served(t, { nameClaim: 'email', newRole: 'viewer' });
  provider.person = { subject: '1', claims: { email: 'anna@example.org', email_verified: false } };
  t.is((await comes()).status, 403, 'anybody may write an address');
  provider.person = { subject: '1', claims: { email: 'anna@example.org', email_verified: true } };
  t.like((await comes()).me, { name: 'anna@example.org', role: 'viewer' });
  const [user] = await withAccounts(directory, (accounts) => accounts.users());
  t.like(user, { identity: { issuer: provider.issuer, subject: '1' }, password: undefined });
});

test('what was begun in another browser, refused, or made up signs nobody in', async (t) => {
  const { url, provider, comes } = await served(t, { newRole: 'viewer' });
  provider.person = { subject: '1', claims: { preferred_username: 'anna' } };
  const browser = followingBrowser();
  const answer = await fetch(`${url}/sign-in/provider`, { redirect: 'manual' });
  const flow = answer.headers.getSetCookie()[0] ?? '';
  t.regex(flow, /^certherd-flow=\S+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
  const asked = new URL(answer.headers.get('location') ?? '');
  t.is(asked.searchParams.get('code_challenge_method'), 'S256');
  const stolen = await browser.open(asked.href);
  t.is(stolen.status, 400, 'the link of a sign-in that somebody else began');
  const made = await fetch(`${url}/sign-in/return?code=made-up&state=${asked.searchParams.get('state')}`, {
    headers: { cookie: flow.split(';')[0] ?? '' },
  });
  t.is(made.status, 401);
  t.is((await fetch(`${url}/sign-in/return`, { headers: { cookie: 'certherd-flow={}' } })).status, 400);
  provider.person = { subject: '1', claims: { preferred_username: 'anna' }, refuses: true };
  const refused = await comes();
  t.is(refused.status, 401);
  t.deepEqual(refused.me, { version: 1, by: 'nobody' });
});

test('a provider that does not answer is said so, and the next sign-in asks it again', async (t) => {
  const provider = await startOpenIdProvider(t);
  const secretFile = join(temporaryDirectory(t), 'secret');
  writeFileSync(secretFile, clientSecret);
  const oidc = {
    issuer: provider.issuer,
    client: 'certherd',
    secretFile,
    nameClaim: 'sub',
    newRole: undefined,
  } as const;
  const { url } = await startTestCollector(t, {
    web: { ...plainWeb, signIn: true, oidc: { ...oidc, issuer: 'http://127.0.0.1:1' } },
  });
  const answer = await fetch(`${url}/sign-in/provider`, { redirect: 'manual' });
  t.is(answer.status, 503);
  t.true((await answer.text()).includes('The provider does not answer.'));
  await t.throwsAsync(startTestCollector(t, { web: { ...plainWeb, oidc: { ...oidc, secretFile: '/nonexistent' } } }), {
    message: '/nonexistent: cannot be read (ENOENT): correct web_oidc_secret_file',
  });
});
