import test from 'ava';
import pg from 'pg';
import type { User, UserChange } from '../../../collector/store/accounts.ts';
import { until } from '../../helpers/testbed/until.ts';
import { entry, hash, user } from '../helpers/example-users.ts';
import { endServers, engines, freshDatabase, openedPostgres, query } from '../helpers/stores.ts';

test.after.always(endServers);

for (const { name: engine, open } of engines) {
  test(`${engine}: who is disabled may nothing, nor may their API tokens, and the last admin stays one`, async (t) => {
    const { accounts } = (await open(t)).store;
    await accounts.addUser(user('anna', { role: 'admin' }), entry('user-added', 'anna'));
    await accounts.addUser(user('berta', { role: 'admin' }), entry('user-added', 'berta'));
    const [own, token, link] = [hash(), hash(), hash()];
    const session = { user: 'berta', createdAt: 1_000, endsAt: 9_000, address: '192.0.2.1' };
    await accounts.addSession(own, session, entry('signed-in', 'berta'));
    const made = {
      name: 'ci',
      role: 'operator',
      user: 'berta',
      createdBy: 'berta',
      createdAt: 1,
      expiresAt: 9_000,
    } as const;
    await accounts.addApiToken(token, made, entry('api-token-created', 'ci'));
    t.deepEqual(await accounts.apiToken(token), { ...made, usedAt: undefined });
    t.deepEqual(await accounts.invite('berta', link, 5_000, entry('user-invited', 'berta')), { ok: true, value: true });
    t.deepEqual(
      (await accounts.userStates(2_000)).map(({ name, sessions, seenAt, apiTokens, inviteEndsAt }) => [
        name,
        sessions,
        seenAt,
        apiTokens,
        inviteEndsAt,
      ]),
      [
        ['anna', 0, undefined, 0, undefined],
        ['berta', 1, 1_000, 1, 5_000],
      ],
    );
    const change = async (name: string, to: UserChange) => {
      const kept = await accounts.changeUser(name, to, entry('user-disabled', name));
      return kept.ok && kept.value;
    };
    t.is(await change('nobody', 'removed'), 'unknown');
    t.is(await change('berta', { role: 'viewer' }), 'done');
    t.is((await accounts.apiToken(token))?.role, 'viewer', 'it may no more than its user');
    for (const to of ['removed', { role: 'viewer' }, { disabledAt: 1 }] as const)
      t.is(await change('anna', to), 'last-admin');
    t.is((await accounts.user('anna'))?.role, 'admin');
    t.is(await change('berta', { disabledAt: 3_000 }), 'done');
    t.is(await accounts.session(own), undefined);
    t.is(await accounts.apiToken(token), undefined);
    t.is(await accounts.invited(link, 1_000), undefined);
    t.is((await accounts.user('berta'))?.disabledAt, 3_000);
    t.deepEqual(await accounts.addSession(hash(), session, entry('signed-in', 'berta')), { ok: true, value: false });
    t.is(await change('berta', { disabledAt: undefined }), 'done');
    t.is((await accounts.apiToken(token))?.name, 'ci');
    t.is(await change('berta', 'removed'), 'done');
    t.deepEqual(await accounts.apiTokens(), [], 'they go with their user');
  });

  test(`${engine}: an admin who cannot sign in does not stand for the last who can`, async (t) => {
    const { accounts } = (await open(t)).store;
    const change = async (name: string, to: UserChange) => {
      const kept = await accounts.changeUser(name, to, entry('user-role-changed', name));
      return kept.ok && kept.value;
    };
    const admin = (name: string, more: Partial<User> = {}) =>
      accounts.addUser(user(name, { role: 'admin', ...more }), entry('user-added', name));
    await admin('anna');
    await admin('berta', { password: undefined });
    const link = hash();
    await accounts.invite('berta', link, 5_000, entry('user-invited', 'berta'));
    t.is(await change('anna', 'removed'), 'last-admin', 'the link may end unused');
    await accounts.acceptInvite(link, '$argon2id$new', entry('user-password-changed', 'berta'));
    t.is(await change('anna', 'removed'), 'done');
    t.is(await change('berta', { disabledAt: 1 }), 'last-admin');
    await admin('clara', { password: undefined, elsewhere: true });
    t.is(await change('berta', { role: 'viewer' }), 'done');
  });

  test(`${engine}: a link sets a password once, in its time, and the newest alone; all browsers of one sign out at once`, async (t) => {
    const { accounts } = (await open(t)).store;
    await accounts.addUser(user('anna', { password: undefined }), entry('user-added', 'anna'));
    const [first, second, cookie] = [hash(), hash(), hash()];
    await accounts.invite('anna', first, 5_000, entry('user-invited', 'anna'));
    await accounts.invite('anna', second, 5_000, entry('user-invited', 'anna'));
    t.is(await accounts.invited(first, 1_000), undefined);
    t.is(await accounts.invited(second, 4_999), 'anna');
    t.is(await accounts.invited(second, 5_000), undefined);
    const accept = async (at: number) =>
      accounts.acceptInvite(second, '$argon2id$new', entry('user-password-changed', 'anna', at));
    t.deepEqual(await accept(5_000), { ok: true, value: false });
    t.deepEqual(
      (await Promise.all([accept(2_000), accept(2_000)])).map((kept) => kept.ok && kept.value),
      [true, false],
    );
    t.is((await accounts.user('anna'))?.password, '$argon2id$new');
    for (const [one, createdAt] of [
      [cookie, 1_000],
      [hash(), 2_000],
    ] as const)
      await accounts.addSession(
        one,
        { user: 'anna', createdAt, endsAt: 9_000, address: '192.0.2.1' },
        entry('signed-in', 'anna'),
      );
    t.deepEqual(
      (await accounts.sessionsOf('anna')).map(({ createdAt, address }) => [createdAt, address]),
      [
        [2_000, '192.0.2.1'],
        [1_000, '192.0.2.1'],
      ],
    );
    t.deepEqual(await accounts.endSessions('anna', entry('user-signed-out', 'anna')), { ok: true, value: 2 });
    t.deepEqual(await accounts.endSessions('anna', entry('user-signed-out', 'anna')), { ok: true, value: 0 });
    t.is(await accounts.session(cookie), undefined);
  });

  test(`${engine}: an identity of a provider belongs to one user, for good`, async (t) => {
    const { accounts } = (await open(t)).store;
    const identity = { issuer: 'https://id.example', subject: '17' };
    const anna = user('anna', { password: undefined, elsewhere: true });
    await accounts.addUser(anna, entry('user-added', 'anna'));
    t.is(await accounts.userOf(identity), undefined);
    const [link, late] = [hash(), hash()];
    await accounts.invite('anna', link, 5_000, entry('user-invited', 'anna'));
    t.deepEqual(await accounts.bindIdentity('anna', identity), { ok: true, value: true });
    t.deepEqual(await accounts.bindIdentity('anna', { ...identity, subject: '18' }), { ok: true, value: false });
    t.deepEqual(await accounts.userOf(identity), { ...anna, identity });
    t.is(await accounts.invited(link, 2_000), undefined, 'the provider says who they are: no link does');
    t.deepEqual(await accounts.invite('anna', late, 5_000, entry('user-invited', 'anna')), { ok: true, value: false });
    t.deepEqual(await accounts.acceptInvite(link, '$argon2id$new', entry('user-password-changed', 'anna')), {
      ok: true,
      value: false,
    });
    const other = { ...identity, subject: '19' };
    const invite = { hash: late, expiresAt: 5_000, entry: entry('user-invited', 'otto') };
    await accounts.addUser(user('otto', { password: undefined }), entry('user-added', 'otto'), invite);
    t.is(await accounts.invited(late, 2_000), 'otto', 'kept together with its user');
    await accounts.addUser(user('clara', { elsewhere: true }), entry('user-added', 'clara'));
    for (const name of ['otto', 'clara']) {
      t.deepEqual(
        await accounts.bindIdentity(name, other),
        { ok: true, value: false },
        'a link, or a password, is theirs',
      );
    }
    t.deepEqual(await accounts.addUser(user('berta', { identity }), entry('user-added', 'berta')), {
      ok: true,
      value: false,
    });
  });
}

test('PostgreSQL: of two admins who take each other out at two collectors one stays', async (t) => {
  const url = await freshDatabase();
  const { accounts } = await openedPostgres(t, url);
  for (const name of ['anna', 'berta'])
    await accounts.addUser(user(name, { role: 'admin' }), entry('user-added', name));
  const other = new pg.Client(url);
  await other.connect();
  t.teardown(() => other.end());
  await other.query("BEGIN; UPDATE web_user SET role = 'viewer' WHERE name = 'berta'");
  let isDone = false;
  const changing = accounts
    .changeUser('anna', { role: 'viewer' }, entry('user-role-changed', 'anna'))
    .finally(() => (isDone = true));
  await until(
    'it is done, or waits for the other',
    async () => isDone || (await query(url, 'SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0,
  );
  await other.query('COMMIT');
  t.deepEqual(await changing, { ok: true, value: 'last-admin' });
});

test('PostgreSQL: a session that began beside its user being disabled is none', async (t) => {
  const url = await freshDatabase();
  const { accounts } = await openedPostgres(t, url);
  await accounts.addUser(user('anna'), entry('user-added', 'anna'));
  const own = hash();
  const session = { user: 'anna', createdAt: 1_000, endsAt: 9_000, address: '192.0.2.1' };
  await accounts.addSession(own, session, entry('signed-in', 'anna'));
  t.is((await accounts.session(own))?.user, 'anna');
  await query(url, 'UPDATE web_user SET disabled_at = 1');
  t.is(await accounts.session(own), undefined);
});
