import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { runCollector, startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { signIn } from '../helpers/signed-in.ts';
import { typedHere } from '../helpers/typed-here.ts';

const password = 'correct horse battery';

test('users, API tokens and the history of both are kept beside a serving collector, and no secret is', async (t) => {
  t.timeout(300_000);
  const { directory, url } = await startTestCollector(t);
  const run = async (args: string[], typed?: string) => {
    const child = runCollector([...args, '--data', directory], {}, typed);
    const code = await child.ended;
    return { code, out: child.lines.join('\n'), err: child.complaints.join('\n') };
  };
  const added = await run(['user', 'add', 'Anna', '--role', 'admin'], `${password}\n`);
  t.deepEqual(added, { code: 0, out: 'anna is added as admin.', err: '' });
  const [again, short, none, root] = await Promise.all([
    run(['user', 'add', 'anna', '--role', 'viewer', '--no-password']),
    run(['user', 'add', 'berta', '--role', 'viewer'], 'short\n'),
    run(['user', 'add', 'berta', '--role', 'viewer'], ''),
    run(['user', 'add', 'berta', '--role', 'root', '--no-password']),
  ]);
  t.is(again.code, 1);
  t.deepEqual(short, { code: 64, out: '', err: 'a password has at least 12 characters, this one has 5' });
  t.is(none.code, 64, 'no password at all');
  t.is(root.code, 64);
  t.is((await run(['user', 'add', 'berta', '--role', 'viewer', '--no-password', '--json'])).code, 0);
  t.is((await run(['user', 'role', 'berta', 'operator'])).code, 0);
  t.is((await run(['user', 'password', 'anna'], 'another long password\n')).code, 0);
  t.is((await run(['user', 'role', 'nobody', 'operator'])).code, 1);
  const listed: { items: { name: string; role: string; signsIn: string }[] } = JSON.parse(
    (await run(['user', 'list', '--json'])).out,
  );
  t.deepEqual(
    listed.items.map(({ name, role, signsIn }) => [name, role, signsIn]),
    [
      ['anna', 'admin', 'password'],
      ['berta', 'operator', 'elsewhere'],
    ],
  );

  // A link, of which the page knows as long as it is good.
  const invite = await run(['user', 'invite', 'Berta', '--json']);
  t.is(invite.code, 0);
  const invited: { link: string; expiresAt: string } = JSON.parse(invite.out);
  t.like(invited, { version: 1, action: 'user-invited', name: 'berta' });
  t.true(Date.parse(invited.expiresAt) > Date.now() + 2 * 86_400_000);
  const link = new URL(new URL(invited.link).pathname + new URL(invited.link).search, url);
  const looked = async () => (await fetch(link)).status;
  t.is(await looked(), 200);
  t.is((await run(['user', 'disable', 'berta'])).code, 0);
  t.is(await looked(), 410, 'whoever is disabled sets no password');
  const refused = await run(['user', 'invite', 'berta']);
  t.deepEqual([refused.code, refused.out], [1, '']);
  t.regex(refused.err, /berta is disabled, and may not sign in\./);
  t.regex((await run(['user', 'list'])).out, /^berta +operator +disabled 20/m);
  const last = await run(['user', 'disable', 'anna']);
  t.deepEqual([last.code, last.err], [1, 'certherd-collector: anna is the last admin: make another one first.']);
  t.is((await run(['user', 'enable', 'berta', '--json'])).out, '{"version":1,"action":"user-enabled","name":"berta"}');
  await signIn(url, 'anna', 'another long password');
  await signIn(url, 'anna', 'another long password');
  t.regex((await run(['user', 'list'])).out, /^anna +admin +password +\d{4}-\d\d-\d\d +2 +\d{4}-.* 0$/m);
  const browsers: { items: { id: string; address: string }[] } = JSON.parse(
    (await run(['user', 'sessions', 'anna', '--json'])).out,
  );
  t.is(browsers.items[0]?.address, '127.0.0.1');
  t.is((await run(['user', 'sign-out', 'anna', '--browser', browsers.items[0]?.id ?? ''])).code, 0);
  t.is((await run(['user', 'sign-out', 'anna', '--browser', browsers.items[0]?.id ?? ''])).code, 1);
  t.regex((await run(['user', 'sessions', 'anna'])).out, /^BROWSER .*\n[0-9a-f]{32} +127\.0\.0\.1 +[^\n]*$/);
  const out = await run(['user', 'sign-out', 'anna', '--json']);
  t.is(out.out, '{"version":1,"action":"user-signed-out","name":"anna","changed":1}');
  t.is((await run(['user', 'sign-out', 'anna'])).out, 'anna is signed out of 0 browsers.');
  const actions = ['invite', 'sign-out', 'disable', 'enable'];
  for (const unknown of await Promise.all(actions.map((what) => run(['user', what, 'nobody']))))
    t.deepEqual(
      [unknown.code, unknown.err],
      [1, 'certherd-collector: nobody: no such user: certherd-collector user list'],
    );

  const token = await run(['api-token', 'create', 'ci', '--role', 'viewer', '--expires', '7d']);
  t.is(token.code, 0);
  t.regex(token.out, /^certherd_[\w-]{43}$/);
  const [namesake, tooShort, tokens] = await Promise.all([
    run(['api-token', 'create', 'ci']),
    run(['api-token', 'create', 'other', '--expires', '1h']),
    run(['api-token', 'list']),
  ]);
  t.deepEqual([namesake.code, tooShort.code], [1, 64]);
  t.regex(tokens.out, /ci +viewer .* never /);
  t.is((await run(['api-token', 'revoke', 'ci', '--json'])).out, '{"version":1,"name":"ci","revoked":true}');
  t.is((await run(['api-token', 'revoke', 'ci'])).code, 1);
  t.is((await run(['user', 'remove', 'berta'])).code, 0);

  await run(['label', 'set', 'owner=payments', '--host', 'web-*']);
  await run(['label', 'set', 'owner=payments', '--host', 'web-*']);
  await run(['token', 'create', '--url', '127.0.0.1:1', '--count', '3']);
  const audit = await run(['audit', '--json']);
  const history: { items: { action: string; subject: string; via: string; detail: object }[] } = JSON.parse(audit.out);
  t.deepEqual(
    history.items.map(({ action, subject }) => `${action} ${subject}`),
    [
      'join-token-created 127.0.0.1:1',
      'labels-set host web-*',
      'user-removed berta',
      'api-token-revoked ci',
      'api-token-created ci',
      'user-signed-out anna',
      'signed-out anna',
      'signed-in anna',
      'signed-in anna',
      'user-enabled berta',
      'user-disabled berta',
      'user-invited berta',
      'user-password-changed anna',
      'user-role-changed berta',
      'user-added berta',
      'user-added anna',
    ],
    'what changed nothing is no history',
  );
  t.true(history.items.every(({ via, action }) => via === (action === 'signed-in' ? 'page' : 'command')));
  t.deepEqual(history.items[1]?.detail, { owner: 'payments' });
  t.regex((await run(['audit', '--limit', '1'])).out, /^WHEN .*\n.* command +join-token-created/);
  t.is((await run(['audit', '--limit', 'all'])).code, 64);

  for (const name of readdirSync(directory).filter((name) => name.startsWith('certherd.db'))) {
    const bytes = readFileSync(join(directory, name));
    for (const secret of [
      password,
      'another long password',
      token.out.slice('certherd_'.length),
      link.searchParams.get('token') ?? '',
    ])
      t.false(bytes.includes(secret), `${name} holds a secret`);
  }
});

test('the last admin stays, unless somebody means it, and a link says where it does not know the address that browsers use', async (t) => {
  const directory = temporaryDirectory(t);
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  await opened.value.close();
  const config = `${directory}/collector.toml`;
  writeFileSync(config, 'web_names = ["certherd.example.test"]\nweb_proxies = ["127.0.0.1"]\n');
  const type = (...argv: string[]) => typedHere([...argv, '--config', config, '--data', directory]);
  t.is((await type('user', 'add', 'anna', '--role', 'admin', '--no-password')).code, 0);
  t.is((await type('user', 'add', 'berta', '--role', 'viewer', '--no-password')).code, 0);
  t.is((await type('api-token', 'create', 'dash', '--user', 'Berta')).code, 0);
  t.like(JSON.parse((await type('api-token', 'list', '--json')).out).items, [{ name: 'dash', user: 'berta' }]);
  t.regex((await type('api-token', 'create', 'x', '--user', 'cleo')).err, /cleo: no such user, or one who is disabled/);
  const stays =
    /^certherd-collector: anna is the last admin: make another one first, or leave the page without one: --force$/;
  for (const argv of [
    ['user', 'role', 'anna', 'operator'],
    ['user', 'remove', 'anna'],
  ]) {
    const refused = await type(...argv);
    t.deepEqual([refused.code, refused.out], [1, '']);
    t.regex(refused.err, stays);
  }
  const invited = await type('user', 'invite', 'berta');
  t.regex(invited.out, /^http:\/\/certherd\.example\.test:8480\/invite\?token=/);
  t.regex(invited.err, /behind a proxy, and its address there is not known here/);
  writeFileSync(config, 'web_proxies = ["127.0.0.1"]\n[notify]\npage = "https://certherd.example.test"\n');
  const known = await type('user', 'invite', 'berta');
  t.regex(known.out, /^https:\/\/certherd\.example\.test\/invite\?token=/);
  t.is(known.err, '');
  t.is((await type('user', 'role', 'berta', 'admin')).code, 0);
  t.is((await type('user', 'role', 'anna', 'operator')).code, 0, 'there is another one');
  t.is((await type('user', 'remove', 'berta', '--force')).code, 0);
  t.regex((await type('user', 'list')).out, /^anna +operator/m);
  t.regex((await type('api-token', 'list')).out, /^There are no API tokens/, 'it went with its user');
  t.is((await type('user', 'remove', 'nobody', '--force')).code, 1);
});
