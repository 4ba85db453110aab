import type { Snapshot } from '@certherd/protocol/snapshot';
import { changesSince, outcomeEvent, startedEvent } from './changes.ts';
import type { Config } from './config.ts';
import type { Outcome, Request } from './decide/action.ts';
import { decide } from './decide/decide.ts';
import { type Plan, type PlannedAction, spreadRescan } from './decide/plan.ts';
import { firstReached, sinceFirst } from './decide/reached.ts';
import { attemptsToKeep, withAttempt } from './decide/retry.ts';
import { afterRestart, type Visible, visible } from './decide/visible.ts';
import { answerLooks } from './looks.ts';
import { recall, rememberer } from './memory.ts';
import { type AskedAction, keepRequests } from './requests.ts';
import { findDer } from './observe/certificate-der.ts';
import type { Asks } from './observe/endpoints/ask-endpoints.ts';
import { lookMemory } from './observe/look-memory.ts';
import { observeHost } from './observe/observe.ts';
import { startRenewalInformation } from './observe/renewal-information.ts';
import type { Ports } from './ports.ts';
import { openOutbox } from './report/outbox.ts';
import { startReporter } from './report/reporter.ts';
import { startService } from './report/sd-notify.ts';
import { statusWriter } from './status.ts';
import { coalesce } from './watch/coalesce.ts';
import { directoriesToWatch } from './watch/directories.ts';
import type { FileChanges } from './watch/file-changes.ts';

export interface Agent {
  /** Ends after the look or the action under way, within 80 s; an action that takes longer goes on in its own process. */
  stop(): Promise<void>;
}

/** What the host is called, and what it runs. */
export interface Host {
  name: string;
  agentVersion: string;
  platform: string;
  bootId: string;
}

/** What one look came to. */
interface Look {
  snapshot: Snapshot;
  plan: Plan;
  seen: Visible;
  /** When the oldest answer of an endpoint was got; milliseconds since 1970. */
  askedAt: number;
}

/** Without a further change for this long, certbot has written what it writes in one go. */
const quietMs = 120;
/** So long the first look waits for the collector: between its slices connecting would wait many times over. */
const connectingMs = 500;
/** Below the 90 s that systemd gives a service to stop: an action that takes longer goes on in its own process. */
const handOverMs = 80_000;
/** A look that takes longer hangs, unless every endpoint is waited for to its last second. */
const lookMostMs = 1_800_000;
const mostWaits = 360;
/** Above what is waited for the longest action. */
const actionMostMs = 3_800_000;

/** The cycle: a trigger, a look, a verdict, its report, at most one action, and the next look. */
export function startAgent(
  config: Config,
  host: Host,
  ports: Ports,
  watchFiles: (changed: () => void) => FileChanges,
  epoch: () => string,
): Agent {
  const { clock, log } = ports;
  const paced = { ...config, rescanMs: spreadRescan(config.rescanMs, ports.random()) };
  const memory = recall(ports.state, log);
  memory.sightings = afterRestart(memory.sightings, config, clock.now());
  const looks = lookMemory(ports.files, clock);
  const remember = rememberer(ports.state, log);
  const outbox = openOutbox(ports.state, log, clock.now(), epoch);
  const status = statusWriter(config, host, ports);
  const service = startService(ports);
  const reporter = startReporter(
    ports,
    outbox,
    { ...host, hostName: host.name },
    {
      changed: () => status.connection(reporter.connection(), reporter.waiting()),
      requested: (frame) => requests.take(frame),
      findDer: (snapshot, wanted) =>
        findDer(ports, snapshot, wanted, config.probeTimeoutMs).finally(() => ports.atRest?.()),
      look: answerLooks({ config, clock, dial: ports.dial, resolver: ports.resolver }),
    },
  );
  let stopped = false;
  let wake = () => {};
  const requests = keepRequests(
    { clock, config, host: host.name, memory },
    () => remember(memory),
    (event) => reporter.record(event),
    () => wake(),
  );
  let woken = false;
  const changes = coalesce(clock, quietMs, 2_000, () => {
    woken = true;
    wake();
  });
  const watching = watchFiles(() => changes.trigger());
  const information = startRenewalInformation(config, ports, () => changes.trigger());
  const at = () => new Date(clock.now()).toISOString();

  /** Waits for a trigger, or so long until time alone changes the answer: no instant, since the clock may be set at any moment. */
  const nextTrigger = (ms: number) =>
    new Promise<void>((resolve) => {
      service.within(ms);
      const cancel = clock.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
      if (woken || stopped) wake();
    });

  const look = async (asks: Asks): Promise<Look> => {
    woken = false;
    service.within(Math.max(lookMostMs, mostWaits * config.probeTimeoutMs));
    const observations = await observeHost(ports, config, host, {
      isOver: () => stopped,
      watch: (seen) => watching.watchOnly(directoriesToWatch(config, seen)),
      memory: looks,
      asks,
    });
    looks.looked();
    memory.attempts = attemptsToKeep(memory.attempts, clock.now());
    const now = clock.now();
    const known = memory.sightings.map(({ finding }) => finding);
    information.saw(observations);
    const told = { ...observations, suggestedRenewals: information.known() };
    const { snapshot, plan } = decide(told, memory.attempts, known, paced, now);
    const seen = visible(snapshot.findings, memory.sightings, config, now);
    const endpoints = sinceFirst(snapshot.endpoints, memory.reached ?? {});
    const askedAt = observations.askedAt ?? now;
    return { snapshot: { ...snapshot, endpoints, findings: seen.findings }, plan, seen, askedAt };
  };

  const report = ({ snapshot, seen: { sightings }, askedAt }: Look) => {
    for (const event of changesSince(memory, snapshot, sightings, at())) {
      log[event.ok ? 'info' : 'warn']({ kind: event.kind, subject: event.subject.id }, event.summary);
      reporter.record(event);
    }
    memory.sightings = sightings;
    memory.reached = firstReached(snapshot.endpoints);
    memory.issued = Object.fromEntries(
      snapshot.lineages.flatMap(({ name, issued }) => (issued ? [[name, issued]] : [])),
    );
    remember(memory);
    reporter.publish(snapshot, askedAt);
    status.looked(snapshot, askedAt);
    service.looked(snapshot);
  };

  /** Kept before it begins: an agent that is killed over and over must not try over and over. */
  const tryKept = async (request: Request, subject: string) => {
    const attempt = { verb: request.verb, subject };
    const before = memory.attempts;
    const keep = ({ reason, detail, retryAt }: Pick<Outcome, 'reason' | 'detail' | 'retryAt'>) => {
      const end = { reason, detail, ...(retryAt !== undefined && { retryAt }) };
      memory.attempts = withAttempt(before, { ...attempt, at: clock.now(), ...end });
      remember(memory);
    };
    keep({ reason: 'internal', detail: 'the agent ended before this action did' });
    const outcome = await ports.act(request, (line) => log.debug({ verb: request.verb }, line));
    keep(outcome);
    const last = before.findLast((earlier) => earlier.verb === request.verb && earlier.subject === subject);
    return { outcome, isStillBusy: outcome.reason === 'busy' && last?.reason === 'busy' };
  };

  const doFirst = async (action: AskedAction | PlannedAction | undefined, { lineages }: Snapshot): Promise<boolean> => {
    if (!action || stopped) return false;
    status.write();
    const { request, why, subject } = action;
    log.info({ ...request, why }, `doing: ${request.verb}`);
    service.within(actionMostMs);
    const { outcome, isStillBusy } = await tryKept(request, subject);
    const event = outcomeEvent(request, why, outcome, at());
    if (request.verb === 'renew' && event.ok)
      information.renewed(lineages.find(({ name }) => name === request.lineage));
    if ('asked' in action) requests.answer(action.asked, event);
    else if (!isStillBusy) reporter.record(event);
    log[event.ok ? 'info' : 'warn'](
      { verb: request.verb, reason: outcome.reason, steps: outcome.steps },
      event.summary,
    );
    return true;
  };

  /** At first, after an action and for a collector everything is asked; when time has come a part, after a change of files what that may concern. */
  let acted = false;
  let wasAsked = false;
  const cycle = async () => {
    const asks = acted || requests.waiting() ? 'everything' : woken ? 'changed' : 'due';
    requests.looking();
    const looked = await look(asks);
    const { snapshot, plan, seen } = looked;
    report(looked);
    // In turns: a collector that never stops asking must not keep the agent from what it has to do itself.
    const own = wasAsked ? plan.actions[0] : undefined;
    const action = requests.first(snapshot, own === undefined) ?? own ?? plan.actions[0];
    wasAsked = action !== undefined && 'asked' in action;
    acted = await doFirst(action, snapshot);
    if (acted) return;
    if (requests.waiting()) return status.write();
    const now = clock.now();
    const lastDueAt = now - clock.monotonic() + (looks.asked?.at ?? clock.monotonic());
    const next = Math.min(plan.lookAgainAt, seen.lookAgainAt, lastDueAt + paced.rescanMs);
    status.next(next);
    ports.atRest?.();
    await nextTrigger(next - now);
  };

  const run = async () => {
    reporter.record(startedEvent(host.name, host.agentVersion, at()));
    let failures = 0;
    await reporter.tried(connectingMs);
    while (!stopped) {
      try {
        await cycle();
        failures = 0;
      } catch (error) {
        // A bug, perhaps met by input that somebody chose: the next look may do better, and must not come at once.
        failures += 1;
        const waitMs = Math.min(config.rescanMs, 1000 * 2 ** Math.min(failures, 9));
        const stack = error instanceof Error ? error.stack : String(error);
        log.error({ stack, waitMs }, 'the look failed, which is a fault of certherd-agent: please report it');
        service.looked(undefined);
        woken = false;
        for (const until = clock.monotonic() + waitMs; !stopped && clock.monotonic() < until; woken = false)
          await nextTrigger(until - clock.monotonic());
      }
    }
  };
  const running = run();

  return {
    stop: async () => {
      stopped = true;
      service.stopping();
      wake();
      changes.stop();
      requests.stop();
      information.stop();
      reporter.stop();
      let cancel = () => {};
      const tooLong = new Promise<void>((resolve) => {
        cancel = clock.after(handOverMs, resolve);
      });
      await Promise.race([Promise.all([running, watching.stop()]), tooLong]);
      cancel();
    },
  };
}
