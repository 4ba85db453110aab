import test from 'ava';
import type { SeenPlace, SeenTarget } from '../../../collector/scan/seen.ts';
import { nextState } from '../../../collector/scan/target-state.ts';
import { certificate } from '../helpers/example-snapshot.ts';

const at = 1_800_000_000_000;
const [one, two] = [certificate('one'), certificate('two')];

function seen(places: SeenPlace[], change: Partial<SeenTarget> = {}): SeenTarget {
  return { target: 'a:443', host: 'a', port: 443, at: '', places, leftOut: 0, ...change };
}

function showing(address: string, leaf = one): SeenPlace {
  const answer = {
    algorithm: 'ecdsa' as const,
    certificates: [leaf, certificate('ca')],
    tlsVersion: 'TLSv1.3',
    nameMatches: true,
    trusted: true,
  };
  return { address, answers: [answer] };
}

const failure = { reason: 'timed-out' as const, detail: 'no handshake within 10 s' };

test('what an address presents is since when it was first seen; another one is a change', (t) => {
  const first = nextState(undefined, seen([showing('1.1.1.1')]), at);
  t.deepEqual(first.changed, [{ address: '1.1.1.1', algorithm: 'ecdsa', served: one.fingerprint }]);
  const same = nextState(first.state, seen([showing('1.1.1.1')]), at + 1000);
  t.deepEqual([same.changed, same.state.places[0]?.since], [[], at]);
  const other = nextState(same.state, seen([showing('1.1.1.1', two)]), at + 2000);
  t.deepEqual(other.changed, [{ address: '1.1.1.1', algorithm: 'ecdsa', served: two.fingerprint }]);
  t.like(other.state.places[0], { since: at + 2000, served: two.fingerprint, serialNumber: two.serialNumber });
});

test('since when a staple says the same is kept while its times go on', (t) => {
  const stapled = (state: 'good' | 'none', nextUpdate?: string): SeenPlace => ({
    address: '1.1.1.1',
    answers: showing('1.1.1.1').answers.map((one) => ({
      ...one,
      staple: { state, ...(nextUpdate && { nextUpdate }) },
    })),
  });
  const first = nextState(undefined, seen([stapled('good', '2027-01-20T00:00:00.000Z')]), at);
  const fresher = nextState(first.state, seen([stapled('good', '2027-01-27T00:00:00.000Z')]), at + 1000);
  const gone = nextState(fresher.state, seen([stapled('none')]), at + 2000);
  t.deepEqual(
    [first, fresher, gone].map(({ state }) => state.places[0]?.staple),
    [
      { state: 'good', nextUpdate: '2027-01-20T00:00:00.000Z', since: at },
      { state: 'good', nextUpdate: '2027-01-27T00:00:00.000Z', since: at },
      { state: 'none', since: at + 2000 },
    ],
  );
  t.is(nextState(gone.state, seen([showing('1.1.1.1')]), at + 3000).state.places[0]?.staple, undefined, 'nobody told');
});

test('an address that falls silent keeps what it presented, with since when it is silent; nothing has changed', (t) => {
  const first = nextState(undefined, seen([showing('1.1.1.1')]), at);
  const silent = nextState(first.state, seen([{ address: '1.1.1.1', answers: [], failure }]), at + 1000);
  const still = nextState(silent.state, seen([{ address: '1.1.1.1', answers: [], failure }]), at + 2000);
  t.deepEqual([silent.changed, still.changed], [[], []]);
  t.like(still.state.places[0], { served: one.fingerprint, since: at, failure: { ...failure, since: at + 1000 } });
  const back = nextState(still.state, seen([showing('1.1.1.1')]), at + 3000);
  t.deepEqual([back.changed, back.state.places[0]?.failure, back.state.places[0]?.since], [[], undefined, at]);
});

test('an address that the name leads to no more goes; a resolver that is silent takes none away', (t) => {
  const first = nextState(undefined, seen([showing('1.1.1.1'), showing('2.2.2.2')]), at);
  const fewer = nextState(first.state, seen([showing('2.2.2.2')]), at + 1000);
  t.deepEqual(fewer.changed, [{ address: '1.1.1.1', algorithm: 'ecdsa', served: undefined }]);
  const unresolved = { reason: 'not-resolved' as const, detail: '' };
  const silent = nextState(fewer.state, seen([], { failure: unresolved }), at + 2000);
  t.deepEqual([silent.changed, silent.state.places], [[], fewer.state.places]);
  t.deepEqual(silent.state.failure, { ...unresolved, since: at + 2000 });
});

test('that a name has no address at all is believed the second time, with since when nobody is led anywhere', (t) => {
  const none = seen([], { failure: { reason: 'no-address', detail: '' } });
  const first = nextState(undefined, seen([showing('1.1.1.1')]), at);
  const once = nextState(first.state, none, at + 1000);
  t.deepEqual([once.changed, once.state.places], [[], first.state.places]);
  const back = nextState(once.state, seen([showing('1.1.1.1')]), at + 2000);
  t.deepEqual([back.changed, back.state], [[], first.state]);
  const again = nextState(once.state, none, at + 2000);
  t.deepEqual([again.changed.length, again.state.places], [1, []]);
  t.like(again.state.failure, { reason: 'no-address', since: at + 1000 });
});

test('of a family that nobody told of, known addresses stay with the failure; those of the other that are gone go', (t) => {
  const first = nextState(undefined, seen([showing('2001:db8::1'), showing('1.1.1.1'), showing('2.2.2.2')]), at);
  const notTold = { family: 'ipv6' as const, detail: 'ESERVFAIL' };
  const half = nextState(first.state, seen([showing('1.1.1.1')], { notTold }), at + 1000);
  t.deepEqual(half.changed, [{ address: '2.2.2.2', algorithm: 'ecdsa', served: undefined }]);
  t.deepEqual(
    half.state.places.map(({ address, failure }) => [address, failure?.reason, failure?.since]),
    [
      ['1.1.1.1', undefined, undefined],
      ['2001:db8::1', 'not-resolved', at + 1000],
    ],
  );
  t.deepEqual(half.state.notTold, notTold, 'nor is it known whether there are more');
  const whole = nextState(half.state, seen([showing('1.1.1.1')]), at + 2000);
  t.is(whole.state.notTold, undefined);
  t.deepEqual(whole.changed, [{ address: '2001:db8::1', algorithm: 'ecdsa', served: undefined }]);
});

test('a kind of key whose answer was lost stays known, and goes once it is refused', (t) => {
  const both = showing('1.1.1.1');
  const [ecdsa] = both.answers;
  if (!ecdsa) throw new Error('no answer');
  const rsa = { ...ecdsa, algorithm: 'rsa' as const, certificates: [two] };
  const first = nextState(undefined, seen([{ ...both, answers: [ecdsa, rsa] }]), at);
  const lost = { ...both, notAnswered: [{ algorithm: 'rsa' as const, failure }] };
  const half = nextState(first.state, seen([lost]), at + 1000);
  t.deepEqual(half.changed, []);
  t.like(half.state.places[1], {
    algorithm: 'rsa',
    served: two.fingerprint,
    failure: { ...failure, since: at + 1000 },
  });
  t.is(nextState(undefined, seen([lost]), at).state.places.length, 1, 'what was never shown is not there');
  t.deepEqual(nextState(half.state, seen([both]), at + 2000).changed, [
    { address: '1.1.1.1', algorithm: 'rsa', served: undefined },
  ]);
});
