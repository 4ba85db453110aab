import { type Clock, every } from '../ports.ts';
import type { Topic } from '../receive/records.ts';
import type { EstateChange } from './estate-change.ts';

/** What is asked of a page's open response: node:http's ServerResponse has it. */
export interface Follower {
  write(text: string): boolean;
  readonly writableLength: number;
  on(event: 'close', listener: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

/** Server-sent events (WHATWG HTML 9.2) that say that something changed, never what. */
export interface Live {
  publish: (change: EstateChange | 'unreadable') => void;
  /** Follows from here; false when there are too many. `lastId` is what the page saw last. */
  follow: (response: Follower, lastId: string | undefined) => boolean;
  followers: () => number;
  close: () => void;
}

const coalesceMs = 50;
const tickMs = 2_000;
const mostFollowers = 1_000;
/** A page that leaves this much unread is dropped; it opens a new stream when it can read again. */
const slowBytes = 64 * 1024;

export function createLive(clock: Clock): Live {
  const followers = new Set<Follower>();
  const started = clock.now();
  const pending = new Set<Topic>();
  let revision = 0;
  let cancelFlush: (() => void) | undefined;
  const stopTicking = every(clock, tickMs, () => send(`event: tick\ndata: ${JSON.stringify({ at: at() })}\n\n`));

  return {
    publish(change) {
      const topics = topicsOf(change);
      if (topics.length === 0) return;
      revision++;
      for (const topic of topics) pending.add(topic);
      cancelFlush ??= clock.after(coalesceMs, flush);
    },
    follow(response, lastId) {
      if (followers.size >= mostFollowers) return false;
      followers.add(response);
      response.on('close', () => followers.delete(response));
      // Whatever changed between the page's last read and now was missed.
      const missed = lastId === id() ? '' : changedText([]);
      response.write(`retry: 1000\n\nevent: tick\ndata: ${JSON.stringify({ at: at() })}\n\n${missed}`);
      return true;
    },
    followers: () => followers.size,
    close() {
      stopTicking();
      cancelFlush?.();
      for (const response of followers) response.end();
    },
  };

  function flush(): void {
    cancelFlush = undefined;
    const topics = [...pending];
    pending.clear();
    send(changedText(topics));
  }

  function send(text: string): void {
    for (const response of followers) {
      if (response.writableLength > slowBytes) response.destroy();
      else response.write(text);
    }
  }

  function changedText(topics: readonly Topic[]): string {
    return `event: changed\nid: ${id()}\ndata: ${JSON.stringify({ at: at(), topics })}\n\n`;
  }

  function id(): string {
    return `${started}-${revision}`;
  }

  function at(): string {
    return new Date(clock.now()).toISOString();
  }
}

function topicsOf(change: EstateChange | 'unreadable'): Topic[] {
  if (change === 'unreadable') return ['hosts', 'endpoints', 'findings'];
  const { hosts, certificates, gone, events, listed } = change;
  return [
    ...(hosts.length > 0 || listed ? (['hosts', 'endpoints', 'lineages', 'findings'] as const) : []),
    ...(certificates.length + gone.length + hosts.length > 0 ? (['certificates'] as const) : []),
    ...(events.length > 0 ? (['events'] as const) : []),
  ];
}
