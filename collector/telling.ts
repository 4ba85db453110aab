import { randomBytes } from 'node:crypto';
import type { Config } from './config.ts';
import type { ConcernedFleet } from './evaluate/concerns.ts';
import { messageOf } from './failure.ts';
import type { Channel, ChannelPorts } from './notify/channel.ts';
import { keepPinging } from './notify/dead-mans-switch.ts';
import { keepTelling, type Teller } from './notify/keep-telling.ts';
import { openChannel } from './notify/open-channel.ts';
import type { Clock, Log } from './ports.ts';
import type { Store } from './store/store.ts';

interface TellingNeeds {
  settings: Config['notify'];
  store: Pick<Store, 'telling' | 'lead'>;
  historyDays: number;
  estate: () => Promise<ConcernedFleet>;
  isSilent: (agentId: string) => boolean;
  isAwaited: (agentId: string) => boolean;
  isWritable: () => Promise<boolean>;
  secrets: Pick<ChannelPorts, 'readSecret' | 'readText'>;
  clock: Clock;
  log: Log;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Without a look at the fleet for so long nothing is well. */
const lookedWithinMs = 300_000;

/** Tells people, in the collector that leads: composes notify. Without channels nothing is looked at, and nothing written down. */
export async function startTelling(needs: TellingNeeds): Promise<{ changed: () => void; close: () => Promise<void> }> {
  const { settings, store, secrets, clock, log } = needs;
  const { telling } = store;
  const channels = new Map<string, Channel>(
    [...settings.channels].map(([name, one]) => [name, openChannel(one, { ...secrets, now: () => clock.now() })]),
  );
  const key = await telling.linkKey(randomBytes(32).toString('base64url'));
  let teller: Teller | undefined;
  let closing = false;
  const ending: Promise<void>[] = [];
  const stopLeading = store.lead(() => {
    // Whoever ends waits for the tellers that it knows.
    if (closing) return () => {};
    ending.push(dropForgotten());
    const cancels: (() => void)[] = [];
    if (channels.size > 0) {
      // A database that is full gives no key: messages then have no links.
      const page = key.ok ? settings.page : undefined;
      const linkKey = key.ok ? key.value : '';
      teller = keepTelling({ ...needs, telling, channels, settings: { ...settings, page }, linkKey });
      cancels.push(clock.after(hourMs, prune));
    }
    const begun = clock.monotonic();
    const isHealthy = async () =>
      (await needs.isWritable()) && (!teller || clock.monotonic() - (teller.lookedAt() ?? begun) < lookedWithinMs);
    const { deadMansSwitch } = settings;
    if (deadMansSwitch)
      cancels.push(keepPinging(deadMansSwitch, { readSecret: secrets.readSecret, isHealthy, clock, log }));
    return () => {
      for (const cancel of cancels) cancel();
      if (teller) ending.push(teller.close());
      teller = undefined;
    };

    function prune(): void {
      telling.prune(clock.now() - needs.historyDays * dayMs).catch((error: unknown) => {
        log.error({ detail: messageOf(error) }, 'what was told long ago cannot be removed');
      });
      cancels.push(clock.after(dayMs, prune));
    }
  });
  return {
    changed: () => teller?.changed(),
    async close() {
      closing = true;
      stopLeading();
      await Promise.all(ending);
    },
  };

  /** Nobody would ever send it. */
  async function dropForgotten(): Promise<void> {
    try {
      for (const { channel, waiting } of await telling.channels()) {
        if (waiting === 0 || channels.has(channel)) continue;
        const kept = await telling.dropWaiting(channel, 'the settings have no such channel any more', clock.now());
        if (kept.ok)
          log.warn({ channel, waiting }, 'messages were given up: the settings have no such channel any more');
        else log.error({ channel, ...kept.failure }, 'messages of a channel that is gone cannot be given up');
      }
    } catch (error) {
      log.error({ detail: messageOf(error) }, 'messages of channels that are gone cannot be given up');
    }
  }
}
