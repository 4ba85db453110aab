import type { Snapshot } from '@certherd/protocol/snapshot';
import type { Clock, Log, ServiceManager } from '../ports.ts';

/** Of a snapshot what the status tells. */
export interface Looked {
  endpoints: readonly Pick<Snapshot['endpoints'][number], 'reached'>[];
  findings: readonly Pick<Snapshot['findings'][number], 'severity'>[];
}

/** What the service manager hears of the daemon. Without one every step does nothing. */
export interface Service {
  /** What the loop begins now ends within so many milliseconds: it says the next thing by then, or is stuck. */
  within(ms: number): void;
  /** A look ended, or failed (undefined). The first one makes the service ready. */
  looked(snapshot: Looked | undefined): void;
  stopping(): void;
}

/** A first look that takes longer than this must not keep the boot waiting, nor be ended as a start that failed. */
const readyMs = 60_000;
/** Each notice starts a program: what is only text is told this far apart. */
const apartMs = 10_000;
/** What was promised to be done by then may be late by this. */
const graceMs = 60_000;

/**
 * Tells readiness, one sentence of status, and at half of the watchdog's time that the loop goes on: told for as long as it
 * does what it said within the time it said, and then not any more, so that the manager ends a loop that hangs as well as a
 * process that does.
 */
export function startService(ports: { clock: Clock; log: Log; service?: ServiceManager | undefined }): Service {
  const { clock, log, service } = ports;
  if (!service) return { within: () => {}, looked: () => {}, stopping: () => {} };
  let goodUntil = Infinity;
  let isReady = false;
  let isStopping = false;
  let told = '';
  let toldAt = -Infinity;
  let cancelText = () => {};
  let cancelWatchdog = () => {};
  /** One after the other: the manager is to hear them in their order. */
  let last = Promise.resolve();
  const notify = (...state: string[]) => {
    last = last.then(() => service.notify(state));
  };

  const tell = (text: string) => {
    cancelText();
    if (isStopping) return;
    if (!isReady) {
      isReady = true;
      cancelReady();
    } else if (text === told) return;
    else if (clock.monotonic() - toldAt < apartMs) {
      cancelText = clock.after(toldAt + apartMs - clock.monotonic(), () => tell(text));
      return;
    }
    const ready = toldAt === -Infinity ? ['READY=1'] : [];
    told = text;
    toldAt = clock.monotonic();
    notify(...ready, `STATUS=${text}`);
  };
  const cancelReady = clock.after(readyMs, () => tell('looking at this host for the first time'));

  const watch = (everyMs: number) => {
    cancelWatchdog = clock.after(everyMs, () => {
      if (clock.monotonic() > goodUntil + graceMs) {
        log.error(
          {},
          'the loop is stuck, which is a fault of certherd-agent: the service manager is left to restart it',
        );
        return;
      }
      notify('WATCHDOG=1');
      watch(everyMs);
    });
  };
  if (service.watchdogMs !== undefined) watch(service.watchdogMs / 2);

  return {
    within: (ms) => {
      goodUntil = clock.monotonic() + ms;
    },
    looked: (snapshot) => tell(snapshot ? statusOf(snapshot) : 'the last look failed: see the journal'),
    stopping: () => {
      isStopping = true;
      cancelText();
      cancelReady();
      cancelWatchdog();
      notify('STOPPING=1', 'STATUS=stopping');
    },
  };
}

/** "20 endpoints proved, 1 finding", "19 of 20 endpoints proved, 2 findings (1 critical)" */
function statusOf({ endpoints, findings }: Looked): string {
  const proved = endpoints.filter(({ reached }) => reached === 'served').length;
  const all = counted(endpoints.length, 'endpoint');
  const critical = findings.filter(({ severity }) => severity === 'critical').length;
  return [
    `${proved === endpoints.length ? all : `${proved} of ${all}`} proved`,
    `${findings.length === 0 ? 'no findings' : counted(findings.length, 'finding')}${critical > 0 ? ` (${critical} critical)` : ''}`,
  ].join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
