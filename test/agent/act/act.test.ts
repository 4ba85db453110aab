import test from 'ava';
import { act, type ActPorts } from '../../../agent/act/act.ts';
import { systemClock } from '../../../agent/system/clock.ts';
import { config } from '../../helpers/observed.ts';

const request = { verb: 'reload', server: 'nginx' } as const;

/** Only what is asked for before an action begins. */
function ports(takeLock: ActPorts['takeLock']): ActPorts {
  return { clock: systemClock(), takeLock } as unknown as ActPorts;
}

test('whoever asks is answered when the disk is full already where the lock is written', async (t) => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, open token=CANARY'), { code: 'ENOSPC' });
  const outcome = await act(
    request,
    config('deploy'),
    ports(() => {
      throw full;
    }),
    () => {},
  );
  t.is(outcome.reason, 'disk-full');
  t.regex(outcome.detail, /nothing was begun: ENOSPC/);
  t.false(outcome.detail.includes('CANARY'));
});

test('an error that nobody foresaw is an outcome too', async (t) => {
  const released: string[] = [];
  const outcome = await act(
    request,
    config('deploy'),
    ports(() => ({ release: () => void released.push('released') })),
    () => {},
  );
  t.is(outcome.reason, 'internal', 'nothing of the machine is there to look at');
  t.regex(outcome.detail, /a fault of certherd-agent/);
  t.deepEqual(released, ['released']);
});
