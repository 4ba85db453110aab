import { createHash } from 'node:crypto';
import test from 'ava';
import { type LoggedDraft, type LogState, mostLogged, standsOtherwise } from '../../../collector/store/transparency.ts';
import { certificate, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { endServers, engines } from '../helpers/stores.ts';

test.after.always(endServers);

const at = 1_800_000_000_000;
const log = 'log.example.test/2026h2';
const state: LogState = {
  proved: { size: 7, hashes: ['AAAA'] },
  size: 9,
  failure: { reason: 'no-answer', detail: 'a \u0000 and a \uf8ff', since: at },
};
// One issuer's name is the beginning of another's.
const held = certificate('held', { issuer: 'O=Test, CN=E5', serialNumber: '0A1B2C' });
const told = certificate('told');

function draft(mark: string, change: Partial<LoggedDraft> = {}): LoggedDraft {
  return {
    id: createHash('sha256').update(mark).digest('hex'),
    issuer: held.issuer,
    serialNumber: held.serialNumber,
    notBefore: Date.parse(held.notBefore),
    notAfter: Date.parse(held.notAfter),
    names: ['shop.example.test', 'a"\u0000'],
    loggedAt: at,
    log,
    entry: 3,
    ...change,
  };
}

test('of a log others are told where it fails, falls behind or is read again, not with each pass', (t) => {
  t.true(standsOtherwise(undefined, state));
  t.false(standsOtherwise(state, { ...state, size: 10, proved: { size: 8, hashes: [] }, readAt: at }));
  t.true(standsOtherwise(state, { proved: state.proved, size: 9 }));
  t.true(standsOtherwise(state, { ...state, behindSince: at }));
});

for (const { name, open } of engines) {
  test(`${name}: how far a log was read is kept with what was found, and a precertificate gets its certificate`, async (t) => {
    const { store } = await open(t);
    const { transparency } = store;
    t.true((await transparency.keep(log, state, [draft('one')])).ok);
    t.deepEqual(await transparency.logs(), [{ log, state }]);
    const [first] = await transparency.certificates('all');
    t.deepEqual(first, { ...draft('one'), held: false });
    const fingerprint = 'f'.repeat(64);
    await transparency.keep(log, { ...state, size: 10 }, [draft('one', { fingerprint, entry: 9, log: 'other' })]);
    await transparency.keep(log, { ...state, size: 10 }, [draft('one', { entry: 10 })]);
    t.deepEqual(await transparency.certificates('unheld'), [{ ...draft('one', { fingerprint }), held: false }]);
    t.is((await transparency.logs())[0]?.state.size, 10);
    const both = [draft('two', { loggedAt: at - 1 }), draft('two', { loggedAt: at - 1, fingerprint, entry: 5 })];
    await transparency.keep(log, { ...state, size: 10 }, both);
    t.like((await transparency.certificates('all'))[1], { entry: 3, fingerprint }, 'both of one reading');
    await transparency.keepOnly(['other']);
    t.deepEqual(await transparency.logs(), []);
  });

  test(`${name}: what a host holds or held is marked, by fingerprint or by issuer, serial number and end; what has ended goes`, async (t) => {
    const { store } = await open(t);
    const tokenHash = Buffer.alloc(32, 1);
    await store.addToken(tokenHash, at, at + 1000);
    await store.enrol({ tokenHash, publicKey: Buffer.alloc(44, 1), hostName: 'web-1', proposedAgentId: 'a', at });
    await store.keepSnapshot('a', snapshotFrame(snapshot(held)), at);
    await store.keepSnapshot('a', snapshotFrame(snapshot(certificate('next'), { certificates: [held, told] })), at);
    await store.transparency.keep(log, state, [
      draft('by serial number'),
      draft('told alone', { fingerprint: told.fingerprint, serialNumber: '98' }),
      draft('by fingerprint', { fingerprint: held.fingerprint, serialNumber: '99', issuer: 'CN=other' }),
      draft('another issuer', { issuer: 'O=Test, CN=E' }),
      draft('another issuer, longer', { issuer: 'O=Test, CN=E55' }),
      draft('another serial number', { serialNumber: '1B2C' }),
      draft('another end', { notAfter: Date.parse(held.notAfter) - 1000 }),
      draft('ended', { notAfter: at - 1 }),
    ]);
    const settled = async () => {
      const answer = await store.transparency.settle(at);
      return answer.ok ? answer.value : undefined;
    };
    t.deepEqual(await settled(), { held: 0, lost: 0 }, 'what an agent says that it has is its word');
    const der = Buffer.from('of the certificate');
    t.true((await store.keepDer('a', [{ certificate: held, der }])).ok);
    await store.keepSnapshot('a', snapshotFrame(snapshot(certificate('next'))), at);
    t.deepEqual(await settled(), { held: 2, lost: 0 }, 'held once, too');
    t.deepEqual(await settled(), { held: 0, lost: 0 });
    await store.transparency.keep(log, state, [
      draft('of a revoked host', { fingerprint: held.fingerprint, serialNumber: '97' }),
    ]);
    t.true((await store.revoke('a', at)).ok);
    t.deepEqual(await settled(), { held: 0, lost: 0 });
    const idsOf = (list: readonly { id: string }[]) => list.map(({ id }) => id).sort();
    const unheld = [
      'told alone',
      'of a revoked host',
      'another issuer',
      'another issuer, longer',
      'another serial number',
      'another end',
    ];
    t.deepEqual(idsOf(await store.transparency.certificates('unheld')), idsOf(unheld.map((mark) => draft(mark))));
    t.is((await store.transparency.certificates('all')).length, 8);
    t.true((await store.transparency.settle(at + 4_000 * 86_400_000)).ok);
    t.is((await store.transparency.certificates('all')).length, 8, 'a clock that is ahead has nothing ended');
  });

  test(`${name}: beyond so many, what is held goes first, and then the oldest, which is said`, async (t) => {
    const { store } = await open(t);
    const { transparency } = store;
    const tokenHash = Buffer.alloc(32, 1);
    await store.addToken(tokenHash, at, at + 1000);
    await store.enrol({ tokenHash, publicKey: Buffer.alloc(44, 1), hostName: 'web-1', proposedAgentId: 'a', at });
    await store.keepSnapshot('a', snapshotFrame(snapshot(held)), at);
    await store.keepDer('a', [{ certificate: held, der: Buffer.from('of the certificate') }]);
    const others = Array.from({ length: mostLogged }, (_, index) =>
      draft(`other ${index}`, { serialNumber: '00', loggedAt: at + index }),
    );
    await transparency.keep(log, state, [draft('held', { loggedAt: at + 1_000_000 }), ...others]);
    t.deepEqual(await transparency.settle(at), { ok: true, value: { held: 1, lost: 0 } });
    t.is((await transparency.certificates('all')).length, mostLogged);
    t.is((await transparency.certificates('unheld')).length, mostLogged, 'the youngest of all went: it was held');
    await transparency.keep(log, state, [draft('one more', { serialNumber: '00', loggedAt: at + 1_000_000 })]);
    t.deepEqual(await transparency.settle(at), { ok: true, value: { held: 0, lost: 1 } });
    t.false((await transparency.certificates('all')).some(({ loggedAt }) => loggedAt === at));
  });
}
