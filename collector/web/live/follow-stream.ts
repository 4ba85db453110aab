/** What a page wants to hear about the collector's stream. */
export interface StreamListener {
  /** A sign of life, with the collector's clock in milliseconds since 1970. */
  readonly onWord: (at: number) => void;
  /** Open: whatever changed before was missed. */
  readonly onOpen: () => void;
  readonly onChanged: () => void;
  /** Called once for each loss; opening again is under way. */
  readonly onLost: () => void;
}

/** The collector says `tick` every 2 s: two missed and a margin is a loss, shown before 5 s are over. */
const silenceMs = 4200;
const watchMs = 250;
const retryMs = 1000;

/**
 * Follows server-sent events (WHATWG HTML 9.2) at `path`: `event: tick` with `{at}` and `event: changed` with
 * `{at, topics}`. A closed stream and one that falls silent are both lost, and opened again every second: EventSource
 * by itself gives up on an HTTP error and never notices a half-open connection.
 */
export function followStream(path: string, monotonic: () => number, listener: StreamListener): void {
  let source: EventSource | undefined;
  let heardAt = monotonic();
  let lost = false;

  const open = (): void => {
    heardAt = monotonic();
    const opened = new EventSource(path);
    source = opened;
    opened.addEventListener('open', () => {
      heardAt = monotonic();
      lost = false;
      listener.onOpen();
    });
    opened.addEventListener('tick', ({ data }) => word(data));
    opened.addEventListener('changed', ({ data }) => {
      word(data);
      listener.onChanged();
    });
    opened.addEventListener('error', lose);
  };
  const word = (json: unknown): void => {
    heardAt = monotonic();
    const at = instantIn(json);
    if (at !== undefined) listener.onWord(at);
  };
  const lose = (): void => {
    source?.close();
    source = undefined;
    setTimeout(open, retryMs);
    if (!lost) listener.onLost();
    lost = true;
  };

  open();
  setInterval(() => {
    if (source !== undefined && monotonic() - heardAt > silenceMs) lose();
  }, watchMs);
}

function instantIn(json: unknown): number | undefined {
  const value: unknown = JSON.parse(String(json));
  if (typeof value !== 'object' || value === null || !('at' in value)) return undefined;
  const at = Date.parse(String(value.at));
  return Number.isNaN(at) ? undefined : at;
}
