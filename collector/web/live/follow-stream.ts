import type { EstateChange } from '../../serve/estate-change.ts';

/** What a page wants to hear about the collector's stream. */
export interface StreamListener {
  /** A sign of life, with the collector's clock in milliseconds since 1970. */
  readonly onWord: (at: number) => void;
  readonly onOpen: () => void;
  /** What changed, up to the moment that `id` names. */
  readonly onChange: (id: string, change: EstateChange) => void;
  /** What is known has to be read again, if it is of an earlier moment than `id`, or `always`. */
  readonly onReset: (id: string, always: boolean) => void;
  /** Called once for each loss; opening again is under way. */
  readonly onLost: () => void;
  /** The stream was not answered. `why`: the collector has no place for this page, in its own words. It is asked again. */
  readonly onRefused: (why: string | undefined) => void;
}

/** The collector says `tick` every 2 s: two missed and a margin is a loss, shown before 5 s are over. */
const silenceMs = 4200;
const watchMs = 250;
const retryMs = 1000;
/** A place becomes free when somebody closes a page. */
const refusedMs = 5000;

/**
 * Follows server-sent events (WHATWG HTML 9.2) at `path`: `tick` with `{at}`, `change` and `reset`. A closed stream and one that falls silent are
 * both lost, and opened again every second: EventSource by itself gives up on an HTTP error and never notices a half-open connection.
 * `after` names what is known by then.
 */
export function followStream(
  path: string,
  after: () => string | undefined,
  monotonic: () => number,
  listener: StreamListener,
): void {
  let source: EventSource | undefined;
  let heardAt = monotonic();
  let lost = false;
  /** The stream that is open now was answered. */
  let answered = false;

  const open = (): void => {
    heardAt = monotonic();
    const known = after();
    const opened = new EventSource(known === undefined ? path : `${path}?after=${encodeURIComponent(known)}`);
    source = opened;
    answered = false;
    opened.addEventListener('open', () => {
      heardAt = monotonic();
      answered = true;
      lost = false;
      listener.onOpen();
    });
    opened.addEventListener('tick', ({ data }) => word(data));
    opened.addEventListener('change', ({ data, lastEventId }) => {
      const change: EstateChange = JSON.parse(data);
      heardAt = monotonic();
      listener.onWord(Date.parse(change.at));
      listener.onChange(lastEventId, change);
    });
    opened.addEventListener('reset', ({ data, lastEventId }) => {
      word(data);
      listener.onReset(lastEventId, /"unreadable":true/.test(String(data)));
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
    if (!lost) listener.onLost();
    lost = true;
    // EventSource does not say why it was not answered.
    if (answered) return void setTimeout(open, retryMs);
    void refusalAt(path).then((why) => {
      listener.onRefused(why);
      setTimeout(open, why === undefined ? retryMs : refusedMs);
    });
  };

  open();
  setInterval(() => {
    if (source !== undefined && monotonic() - heardAt > silenceMs) lose();
  }, watchMs);
}

/** Why the collector does not let this page follow: too many do. undefined: that is not it. */
async function refusalAt(path: string): Promise<string | undefined> {
  const asking = new AbortController();
  const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(silenceMs)]);
  try {
    const response = await fetch(path, { signal, cache: 'no-store' });
    if (response.status !== 429) return undefined;
    const problem: { detail?: unknown } = await response.json();
    return typeof problem.detail === 'string' ? problem.detail : 'close some of them';
  } catch {
    return undefined;
  } finally {
    // A stream that was let in after all is no use here.
    asking.abort();
  }
}

function instantIn(json: unknown): number | undefined {
  const value: unknown = JSON.parse(String(json));
  if (typeof value !== 'object' || value === null || !('at' in value)) return undefined;
  const at = Date.parse(String(value.at));
  return Number.isNaN(at) ? undefined : at;
}
