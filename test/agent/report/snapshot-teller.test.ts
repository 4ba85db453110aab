import { maxFrameBytes } from '@certherd/protocol/version';
import test from 'ava';
import { createSnapshotTeller } from '../../../agent/report/snapshot-teller.ts';
import { handClock } from '../../collector/helpers/hand-clock.ts';

/** Stands for a snapshot: in parts where it is large. */
const told = (digest: string, size: number) => ({
  digest,
  observedAt: '2026-11-27T10:00:00.000Z',
  json: 'x'.repeat(size),
});
const large = maxFrameBytes + 1;

function teller() {
  const clock = handClock(0);
  const sent: string[] = [];
  const state = { current: told('one', large) };
  const made = createSnapshotTeller(
    clock,
    () => state.current,
    (text) => {
      const { digest, part = 1 }: { digest: string; part?: number } = JSON.parse(
        text.replace(/"snapshot":x+/, '"snapshot":1'),
      );
      if (part === 1) sent.push(digest);
    },
  );
  return { ...made, clock, sent, state };
}

test('snapshots in parts are twelve seconds apart, and what is told then is the current one', (t) => {
  const { tell, known, clock, sent, state } = teller();
  tell();
  tell();
  t.deepEqual(sent, ['one']);
  for (const digest of ['two', 'three']) {
    state.current = told(digest, large);
    tell();
    clock.advance(5_000);
  }
  known(undefined);
  tell();
  t.deepEqual(sent, ['one']);
  clock.advance(1_999);
  t.deepEqual(sent, ['one']);
  clock.advance(1);
  t.deepEqual(sent, ['one', 'three']);
  clock.advance(60_000);
  t.deepEqual(sent, ['one', 'three'], 'once is enough');
});

test('a snapshot in one frame never waits, and a session that is over tells nothing more', (t) => {
  const { tell, stop, clock, sent, state } = teller();
  tell();
  for (const digest of ['two', 'three']) {
    state.current = told(digest, 10);
    tell();
  }
  t.deepEqual(sent, ['one', 'two', 'three']);
  state.current = told('four', large);
  tell();
  stop();
  clock.advance(60_000);
  t.deepEqual(sent, ['one', 'two', 'three']);
});
