import { type ReadonlySignal, signal } from '@preact/signals';

/** The browser's clocks in milliseconds: `wall` may be wrong or jump, `monotonic` only grows. */
export interface BrowserClock {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

/** The collector's clock as the browser knows it. */
export interface CollectorClock {
  /** Milliseconds since 1970 by the collector's clock, renewed every second. */
  readonly now: ReadonlySignal<number>;
  /** Milliseconds by which the browser's clock is ahead; negative when behind; 0 until the collector was heard. */
  readonly aheadMs: ReadonlySignal<number>;
  /** The collector said that it is `at` (milliseconds since 1970) at this moment. */
  readonly set: (at: number) => void;
}

export function collectorClock(browser: BrowserClock): CollectorClock {
  let offset = browser.wall() - browser.monotonic();
  const now = signal(browser.wall());
  const aheadMs = signal(0);
  const renew = (): void => {
    now.value = offset + browser.monotonic();
  };
  setInterval(renew, 1000);
  return {
    now,
    aheadMs,
    set(at) {
      offset = at - browser.monotonic();
      aheadMs.value = Math.round((browser.wall() - at) / 1000) * 1000;
      renew();
    },
  };
}
