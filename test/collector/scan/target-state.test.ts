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
  t.like(other.state.places[0], { since: at + 2000, served: two.fingerprint, notAfter: two.notAfter });
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
  t.deepEqual([silent.changed, silent.state.places, silent.state.failure], [[], fewer.state.places, unresolved]);
  const gone = nextState(silent.state, seen([], { failure: { reason: 'no-address', detail: '' } }), at + 3000);
  t.deepEqual([gone.changed.length, gone.state.places], [1, []]);
});
