import type { ExecutionContext } from 'ava';
import { haltedConcerns } from '../../../collector/campaigns/halted-concerns.ts';
import type { ConcernedHost } from '../../../collector/evaluate/concerns.ts';
import { readNotify } from '../../../collector/notify/read-settings.ts';
import type { Log } from '../../../collector/ports.ts';
import type { Store } from '../../../collector/store/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { readSecret, readText } from '../../../collector/system/secret-files.ts';
import { startTelling } from '../../../collector/telling.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock, type HandClock } from './hand-clock.ts';
import { engines } from './stores.ts';

/** When the clock of these tests begins. */
export const now = Date.parse('2026-11-27T12:00:00.000Z');
export const day = 86_400_000;
/** Between two looks. */
export const tickMs = 15_000;

const silentHost = (agentId: string): ConcernedHost => ({
  host: {
    agentId,
    name: agentId,
    status: 'unknown',
    reason: 'Nothing was heard for an hour.',
    connected: false,
    enrolledAt: new Date(now - day).toISOString(),
    lastHeardAt: new Date(now - day / 24).toISOString(),
  },
  endpoints: [],
  lineages: [],
  findings: [],
});

interface Told {
  /** As collector.toml has them in [notify]. */
  channels: object[];
  /** A file whose URL is asked for while all is well. */
  deadMansSwitch?: string;
  isWritable?: () => boolean;
  rule?: object;
  /** Agents that say nothing, as they are at each look. */
  silent: () => readonly string[];
  isShared?: boolean;
  prepare?: (store: Store) => Promise<unknown>;
  /** All are silent, and none is awaited, unless told. */
  liveness?: (store: Store, clock: HandClock) => Pick<Parameters<typeof startTelling>[0], 'isSilent' | 'isAwaited'>;
}

/** What tells people with the real store and channels, and a clock that is moved by hand. */
export async function startedTelling(
  t: ExecutionContext,
  { channels, deadMansSwitch, isWritable = () => true, rule = {}, silent, isShared = false, prepare, liveness }: Told,
) {
  const { store } = (await engines[0]?.open(t)) ?? t.fail();
  await prepare?.(store);
  const clock = handClock(now);
  const warnings: object[] = [];
  const log: Log = { ...silentLog, warn: (fields) => warnings.push(fields) };
  const settings = readNotify(
    {
      channel: channels,
      ...(deadMansSwitch !== undefined && { dead_mans_switch_file: deadMansSwitch }),
      rule: [{ name: 'all', wait: '0s', to: channels.map((one) => Reflect.get(one, 'name')), ...rule }],
    },
    (place, what) => t.fail(`${place.join('.')}: ${what}`),
  );
  let asked = 0;
  let begin: (() => () => void) | undefined;
  const telling = await startTelling({
    isSilent: () => true,
    isAwaited: () => false,
    ...liveness?.(store, clock),
    settings,
    isShared,
    store: {
      telling: store.telling,
      lead(given) {
        begin = given;
        return given();
      },
    },
    async estate() {
      asked += 1;
      return {
        hosts: silent().map((one) => ({ part: silentHost(one) })),
        hostless: [],
        campaigns: await haltedConcerns(store.campaigns, []),
      };
    },
    isWritable: async () => isWritable(),
    secrets: { readSecret, readText },
    clock,
    log,
  });
  t.teardown(telling.close);
  return { store, clock, telling, warnings, asked: () => asked, begin: () => begin?.(), pass, passUntil };

  /** So much time passes, with each look at the fleet while the clock stands still: a long one would be followed by a long rest. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed += tickMs) {
      clock.advance(passed === 0 ? 0 : tickMs);
      // The one that tidies up, and the next look's.
      await until('it has looked', () => clock.timers() === 2, { everyMs: 2 });
    }
  }

  /** Looks again and again until it is so. */
  async function passUntil(what: string, isSo: () => boolean): Promise<void> {
    await until(what, async () => isSo() || pass(tickMs).then(isSo));
  }
}
