import { randomBytes } from 'node:crypto';
import type { Config } from './config.ts';
import type { ConcernedFleet } from './evaluate/concerns.ts';
import { messageOf } from './failure.ts';
import type { Channel, ChannelPorts } from './notify/channel.ts';
import { keepPinging } from './notify/dead-mans-switch.ts';
import { giveUpMs } from './notify/dispatch.ts';
import { keepTelling, type Teller } from './notify/keep-telling.ts';
import { openChannel } from './notify/open-channel.ts';
import { type Clock, every, type Log } from './ports.ts';
import type { Store } from './store/store.ts';

interface TellingNeeds {
  settings: Config['notify'];
  store: Pick<Store, 'telling' | 'lead'>;
  /** Other collectors may use the same store, with channels that are not in these settings. */
  isShared: boolean;
  estate: () => Promise<ConcernedFleet>;
  isSilent: (agentId: string) => boolean;
  isAwaited: (agentId: string) => boolean;
  isWritable: () => Promise<boolean>;
  secrets: Pick<ChannelPorts, 'readSecret' | 'readText'>;
  clock: Clock;
  log: Log;
}

const hourMs = 3_600_000;
/** Without a look at the fleet for so long nothing is well. */
const lookedWithinMs = 300_000;
/** A channel that nobody hears must not fill the disk, whatever comes and goes for three days. */
const mostWaiting = 10_000;

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
  let tidying = Promise.resolve();
  const stopLeading = store.lead(() => {
    // Whoever ends waits for the tellers that it knows.
    if (closing) return () => {};
    tidying = tidying.then(dropForgotten);
    const cancels = [every(clock, hourMs, tidy)];
    if (channels.size > 0) {
      // A database that is full gives no key: messages then have no links.
      const page = key.ok ? settings.page : undefined;
      const linkKey = key.ok ? key.value : '';
      teller = keepTelling({ ...needs, telling, channels, settings: { ...settings, page }, linkKey });
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
  });
  return {
    changed: () => teller?.changed(),
    async close() {
      closing = true;
      stopLeading();
      await Promise.all([tidying, ...ending]);
    },
  };

  function tidy(): void {
    tidying = tidying.then(dropForgotten).then(dropOldest);
  }

  /** Nobody will send it; of a store that others use too, that is known once nobody has for as long as a message may take. */
  async function dropForgotten(): Promise<void> {
    const now = clock.now();
    try {
      for (const { channel, waiting } of await telling.channels()) {
        if (waiting === 0 || channels.has(channel)) continue;
        const madeUntil = needs.isShared ? now - giveUpMs : now;
        const kept = await telling.dropWaiting(channel, 'the settings have no such channel any more', madeUntil, now);
        if (!kept.ok) log.error({ channel, ...kept.failure }, 'messages of a channel that is gone cannot be given up');
        else if (kept.value > 0)
          log.warn(
            { channel, waiting: kept.value },
            'messages were given up: the settings have no such channel any more',
          );
      }
    } catch (error) {
      log.error({ detail: messageOf(error) }, 'messages of channels that are gone cannot be given up');
    }
  }

  /** What still stands is told at its next repeat. */
  async function dropOldest(): Promise<void> {
    try {
      for (const { channel, waiting, failure } of await telling.channels()) {
        if (waiting <= mostWaiting) continue;
        const kept = await telling.dropBeyond(channel, 'too many wait', mostWaiting, clock.now());
        if (kept.ok)
          log.error({ channel, givenUp: kept.value, failure }, 'the oldest messages were given up: too many wait');
        else log.error({ channel, ...kept.failure }, 'messages that are too many cannot be given up');
      }
    } catch (error) {
      log.error({ detail: messageOf(error) }, 'messages that are too many cannot be given up');
    }
  }
}
