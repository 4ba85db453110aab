import type { ChannelState } from '../../store/tell.ts';
import type { OwnUse } from '../../ports.ts';
import { family, pairs, type Sample, single } from './family.ts';

/** What the collector counts of itself. */
export interface CollectorCounts {
  version: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  use: OwnUse;
  eventsTotal: number;
  agentsConnected: number;
  agentsWaiting: number;
  pagesConnected: number;
  refusals: ReadonlyMap<string, number>;
  channels: readonly ChannelState[];
}

/** The product's own health: is it there, what does it take, whom does it hear, do its messages get along. */
export function* ownHealth(counts: CollectorCounts): Generator<string> {
  const { version, startedAt, use } = counts;
  yield* family('certherd_build_info', 'gauge', 'This collector.', [[pairs({ version }), 1]]);
  yield* single('process_start_time_seconds', 'gauge', 'When the collector started.', startedAt / 1000);
  yield* single('process_cpu_seconds_total', 'counter', 'Processor time of the collector.', use.cpuSeconds);
  yield* single('process_resident_memory_bytes', 'gauge', 'Memory of the collector.', use.residentBytes);
  yield* single('certherd_events_total', 'counter', 'Events kept.', counts.eventsTotal);
  yield* single('certherd_agents_connected', 'gauge', 'Agents with a live session.', counts.agentsConnected);
  yield* single('certherd_agents_waiting', 'gauge', 'Sockets that have not authenticated yet.', counts.agentsWaiting);
  yield* single('certherd_pages_connected', 'gauge', 'Open live streams of the status page.', counts.pagesConnected);
  const refusals = [...counts.refusals].map(([reason, count]) => [pairs({ reason }), count] as const);
  yield* family('certherd_refusals_total', 'counter', 'Connections refused, by reason.', refusals);
  yield* channelFamilies(counts.channels);
}

/** How messages get along, by channel. */
function* channelFamilies(channels: readonly ChannelState[]): Generator<string> {
  const samples = (value: (one: ChannelState) => number | undefined) =>
    channels.flatMap((one): Sample[] => {
      const found = value(one);
      return found === undefined ? [] : [[pairs({ channel: one.channel }), found]];
    });
  const told = 'certherd_notification';
  yield* family(
    `${told}s_waiting`,
    'gauge',
    'Messages that nobody has taken yet.',
    samples(({ waiting }) => waiting),
  );
  yield* family(
    `${told}s_sent_total`,
    'counter',
    'Messages that the channel took.',
    samples(({ sent }) => sent),
  );
  const dropped = samples((one) => one.dropped);
  yield* family(
    `${told}s_dropped_total`,
    'counter',
    'Messages given up: after three days, or because too many waited.',
    dropped,
  );
  const oldest = samples(({ oldestAt }) => (oldestAt === undefined ? undefined : oldestAt / 1000));
  yield* family(`${told}_oldest_seconds`, 'gauge', 'When the oldest that waits was made.', oldest);
}
