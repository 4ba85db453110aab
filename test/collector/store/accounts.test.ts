import test from 'ava';
import type { Role } from '../../../collector/accounts/role.ts';
import { type AuditFilter, mostApiTokens } from '../../../collector/store/accounts.ts';
import { entry, hash, user } from '../helpers/example-users.ts';
import { endServers, engines } from '../helpers/stores.ts';

test.after.always(endServers);

for (const { name: engine, open } of engines) {
  test(`${engine}: a user is added once, and each change is kept with its entry in the history`, async (t) => {
    const { accounts } = (await open(t)).store;
    t.false(await accounts.hasUsers());
    t.deepEqual(await accounts.addUser(user('berta'), entry('user-added', 'berta')), { ok: true, value: true });
    t.deepEqual(await accounts.addUser(user('anna', { role: 'admin' }), entry('user-added', 'anna')), {
      ok: true,
      value: true,
    });
    t.deepEqual(await accounts.addUser(user('anna'), entry('user-added', 'anna')), { ok: true, value: false });
    t.deepEqual(await accounts.users(), [user('anna', { role: 'admin' }), user('berta')]);
    t.deepEqual(await accounts.setRole('berta', 'operator', entry('user-role-changed', 'berta', 2_000)), {
      ok: true,
      value: true,
    });
    t.deepEqual(await accounts.setRole('nobody', 'admin', entry('user-role-changed', 'nobody')), {
      ok: true,
      value: false,
    });
    t.deepEqual(await accounts.removeUser('anna', entry('user-removed', 'anna', 3_000)), { ok: true, value: true });
    t.is(await accounts.user('anna'), undefined);
    const history = await accounts.audit(undefined, 100);
    t.deepEqual(
      history.map(({ id: _id, ...rest }) => rest),
      [
        entry('user-removed', 'anna', 3_000),
        entry('user-role-changed', 'berta', 2_000),
        entry('user-added', 'anna'),
        entry('user-added', 'berta'),
      ],
    );
    t.deepEqual(await accounts.audit(history[1]?.id, 1), history.slice(2, 3));
    const subjects = async (filter: AuditFilter) =>
      (await accounts.audit(undefined, 100, filter)).map(({ action, subject }) => `${action} ${subject}`);
    t.deepEqual(await subjects({ subject: 'AN*' }), ['user-removed anna', 'user-added anna']);
    t.deepEqual(await subjects({ subject: '%' }), [], 'what SQL has for any characters is a character');
    t.deepEqual(await subjects({ action: 'user-added', since: 1_000, until: 1_001, actor: 'r*t', via: 'command' }), [
      'user-added anna',
      'user-added berta',
    ]);
    t.deepEqual(await subjects({ since: 2_000, until: 3_000 }), ['user-role-changed berta']);
    t.deepEqual(await subjects({ via: 'page' }), []);
  });

  test(`${engine}: a session is over when the user's password or role changes, or the user goes`, async (t) => {
    const { accounts } = (await open(t)).store;
    await accounts.addUser(user('anna'), entry('user-added', 'anna'));
    const begin = async () => {
      const own = hash();
      const session = { user: 'anna', createdAt: 1_000, endsAt: 9_000, address: '192.0.2.1' };
      t.deepEqual(await accounts.addSession(own, session, entry('signed-in', 'anna')), { ok: true, value: true });
      t.deepEqual(await accounts.session(own), { ...session, role: 'viewer', seenAt: 1_000 });
      return own;
    };
    const first = await begin();
    await accounts.noteSeen(first, 1_500);
    t.is((await accounts.session(first))?.seenAt, 1_500);
    await accounts.setPassword('anna', '$argon2id$other', entry('user-password-changed', 'anna'));
    t.is(await accounts.session(first), undefined);
    t.is((await accounts.user('anna'))?.password, '$argon2id$other');
    const second = await begin();
    const third = await begin();
    t.deepEqual(await accounts.endSession(third, entry('signed-out', 'anna')), { ok: true, value: true });
    t.deepEqual(await accounts.endSession(third, entry('signed-out', 'anna')), { ok: true, value: false });
    t.truthy(await accounts.session(second));
    await accounts.setRole('anna', 'viewer', entry('user-role-changed', 'anna'));
    t.is(await accounts.session(second), undefined);
    const last = await begin();
    await accounts.removeUser('anna', entry('user-removed', 'anna'));
    t.is(await accounts.session(last), undefined);
    const late = { user: 'anna', createdAt: 1_000, endsAt: 9_000, address: '192.0.2.1' };
    t.deepEqual(await accounts.addSession(hash(), late, entry('signed-in', 'anna')), { ok: true, value: false });
  });

  test(`${engine}: sessions that ended go when somebody signs in`, async (t) => {
    const { store, count } = await open(t);
    const { accounts } = store;
    await accounts.addUser(user('anna'), entry('user-added', 'anna'));
    for (const [createdAt, endsAt] of [
      [1_000, 2_000],
      [1_500, 2_500],
      [2_200, 3_200],
    ] as const)
      await accounts.addSession(hash(), { user: 'anna', createdAt, endsAt, address: '' }, entry('signed-in', 'anna'));
    t.is(await count('web_session'), 2);
  });

  test(`${engine}: a set-up link is good once, in its time, and only while nobody is there`, async (t) => {
    const { accounts } = (await open(t)).store;
    const setUp = (link: string, name: string, at: number) =>
      accounts.setUp(link, user(name), entry('set-up', name, at));
    await accounts.keepSetUp('first', 5_000);
    await accounts.keepSetUp('second', 5_000);
    t.false(await accounts.isSetUp('first', 1_000), 'the next one takes its place');
    t.true(await accounts.isSetUp('second', 4_999));
    t.false(await accounts.isSetUp('second', 5_000));
    t.deepEqual(await setUp('second', 'late', 5_000), { ok: true, value: false });
    const both = await Promise.all([setUp('second', 'anna', 2_000), setUp('second', 'berta', 2_000)]);
    t.deepEqual(
      both.map((kept) => kept.ok && kept.value),
      [true, false],
    );
    t.deepEqual(
      (await accounts.users()).map(({ name }) => name),
      ['anna'],
    );
    await accounts.keepSetUp('third', 5_000);
    t.false(await accounts.isSetUp('third', 1_000));
    t.deepEqual(await setUp('third', 'berta', 2_000), { ok: true, value: false });
  });

  test(`${engine}: API tokens are found by their hash until they are revoked`, async (t) => {
    const { accounts } = (await open(t)).store;
    const token = { name: 'ci', role: 'operator', createdBy: 'root', createdAt: 1_000, expiresAt: 9_000 } as const;
    const own = hash();
    t.deepEqual(await accounts.addApiToken(own, token, entry('api-token-created', 'ci')), { ok: true, value: 'done' });
    t.deepEqual(await accounts.addApiToken(hash(), token, entry('api-token-created', 'ci')), {
      ok: true,
      value: 'taken',
    });
    await accounts.noteUsed(own, 1_234);
    t.deepEqual(await accounts.apiToken(own), { ...token, usedAt: 1_234 });
    t.is(await accounts.apiToken(hash()), undefined);
    t.is((await accounts.apiTokens()).length, 1);
    t.deepEqual(await accounts.revokeApiToken('ci', entry('api-token-revoked', 'ci')), { ok: true, value: true });
    t.deepEqual(await accounts.revokeApiToken('ci', entry('api-token-revoked', 'ci')), { ok: true, value: false });
    t.is(await accounts.apiToken(own), undefined);
    t.is((await accounts.audit(undefined, 10)).length, 2);
  });

  test(`${engine}: a user has fifty API tokens at most, those that are over go, and whoever is gone or disabled gets none`, async (t) => {
    const { accounts } = (await open(t)).store;
    await accounts.addUser(user('anna'), entry('user-added', 'anna'));
    await accounts.addUser(user('berta', { role: 'admin' }), entry('user-added', 'berta'));
    const add = async (name: string, owner: string | undefined, createdAt = 1_000, role: Role = 'viewer') => {
      const token = { name, role, user: owner, createdBy: 'anna', createdAt, expiresAt: createdAt + 1_000 };
      const kept = await accounts.addApiToken(hash(), token, entry('api-token-created', name));
      return kept.ok && kept.value;
    };
    for (let n = 2; n < mostApiTokens; n++) t.is(await add(`ci-${n}`, 'anna'), 'done');
    const last = await Promise.all([add('ci-0', 'anna'), add('ci-1', 'anna'), add('ci-00', 'anna')]);
    t.is(last.filter((one) => one === 'done').length, 2);
    t.true(last.includes('too-many'));
    t.is(await add('ci-9', 'berta'), 'taken');
    t.is(await add('other', 'berta'), 'done');
    t.is(await add('nobodys', undefined), 'done');
    t.is(await add('ci-9', 'berta', 2_000), 'done', 'the name of one that is over is free');
    t.deepEqual(
      (await accounts.apiTokens()).map(({ name }) => name),
      ['ci-9'],
    );
    await accounts.removeUser('anna', entry('user-removed', 'anna'));
    t.is(await add('late', 'anna', 1_000, 'admin'), 'unknown', 'it would be nobody’s, for whom no role is too high');
    await accounts.addUser(user('clara', { role: 'admin' }), entry('user-added', 'clara'));
    await accounts.changeUser('berta', { disabledAt: 1 }, entry('user-disabled', 'berta'));
    t.is(await add('late', 'berta'), 'unknown');
  });

  test(`${engine}: a new password revokes the API tokens of its user, and the history says how many`, async (t) => {
    const { accounts } = (await open(t)).store;
    await accounts.addUser(user('anna'), entry('user-added', 'anna'));
    const made = { role: 'viewer', createdBy: 'anna', createdAt: 1_000, expiresAt: 9_000 } as const;
    const names = async () => (await accounts.apiTokens()).map(({ name }) => name);
    await accounts.addApiToken(hash(), { ...made, name: 'nobodys' }, entry('api-token-created', 'nobodys'));
    const link = hash();
    for (const change of [
      () => accounts.setPassword('anna', '$argon2id$other', entry('user-password-changed', 'anna')),
      () => accounts.acceptInvite(link, '$argon2id$third', entry('user-password-changed', 'anna')),
    ]) {
      for (const name of ['ci', 'deploy'])
        await accounts.addApiToken(hash(), { ...made, name, user: 'anna' }, entry('api-token-created', name));
      await accounts.invite('anna', link, 5_000, entry('user-invited', 'anna'));
      t.is((await names()).length, 3);
      t.deepEqual(await change(), { ok: true, value: true });
      t.deepEqual(await names(), ['nobodys']);
      t.is((await accounts.audit(undefined, 1))[0]?.detail['revokedApiTokens'], '2');
    }
  });
}
