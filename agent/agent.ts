import type { Snapshot } from '@certherd/protocol/snapshot';
import { changesSince, outcomeEvent, startedEvent } from './changes.ts';
import type { Config } from './config.ts';
import { decide } from './decide/decide.ts';
import type { Plan } from './decide/plan.ts';
import { recall, rememberer } from './memory.ts';
import { observeHost } from './observe/observe.ts';
import type { Ports } from './ports.ts';
import { openOutbox } from './report/outbox.ts';
import { startReporter } from './report/reporter.ts';
import { statusWriter } from './status.ts';
import { coalesce } from './watch/coalesce.ts';
import { directoriesToWatch } from './watch/directories.ts';
import type { FileChanges } from './watch/file-changes.ts';

export interface Agent {
  /** Ends after the look or the action under way; a started action goes on in its own process. */
  stop(): Promise<void>;
}

/** What the host is called, and what it runs. */
export interface Host {
  name: string;
  agentVersion: string;
  platform: string;
  bootId: string;
}

/** Without a further change for this long, certbot has written what it writes in one go. */
const quietMs = 120;
/** While links disagree, look again this often; after `settlingMs` they are judged as they are. */
const settleStepMs = 150;
const settlingMs = 60_000;

/** The cycle: a trigger, a look, a verdict, its report, at most one action, and the next look. */
export function startAgent(
  config: Config,
  host: Host,
  ports: Ports,
  watchFiles: (changed: () => void) => FileChanges,
  epoch: () => string,
): Agent {
  const { clock, log } = ports;
  const memory = recall(ports.state, log);
  const remember = rememberer(ports.state, log);
  const outbox = openOutbox(ports.state, log, clock.now(), epoch);
  const status = statusWriter(config, host, ports);
  const reporter = startReporter(ports, outbox, { ...host, hostName: host.name }, () =>
    status.connection(reporter.connection(), reporter.waiting()),
  );
  let stopped = false;
  let wake = () => {};
  let woken = false;
  const changes = coalesce(clock, quietMs, 2_000, () => {
    woken = true;
    wake();
  });
  const watching = watchFiles(() => changes.trigger());
  const at = () => new Date(clock.now()).toISOString();

  /** Waits for a trigger, or for the instant at which time alone changes the answer. */
  const nextTrigger = (until: number) =>
    new Promise<void>((resolve) => {
      const cancel = clock.after(until - clock.now(), resolve);
      wake = () => {
        cancel();
        resolve();
      };
      if (woken || stopped) wake();
    });

  const look = async (): Promise<{ snapshot: Snapshot; plan: Plan }> => {
    const began = clock.monotonic();
    for (;;) {
      woken = false;
      const observations = await observeHost(ports, config, host);
      if (observations.settling.length === 0 || clock.monotonic() - began > settlingMs || stopped) {
        // What changed before a directory was watched gave no trigger.
        if (await watching.watchOnly(directoriesToWatch(config, observations))) continue;
        return decide(observations, memory.attempts, memory.findings, config, clock.now());
      }
      await new Promise<void>((resolve) => void clock.after(settleStepMs, resolve));
    }
  };

  const report = (snapshot: Snapshot) => {
    for (const event of changesSince(memory, snapshot, at())) {
      log.info({ kind: event.kind, subject: event.subject.id }, event.summary);
      reporter.record(event);
    }
    memory.findings = snapshot.findings;
    memory.issued = Object.fromEntries(
      snapshot.lineages.flatMap(({ name, issued }) => (issued ? [[name, issued]] : [])),
    );
    remember(memory, clock.now());
    reporter.publish(snapshot, clock.now());
    status.looked(snapshot);
  };

  const doFirst = async ({ actions: [action] }: Plan): Promise<boolean> => {
    if (!action || stopped) return false;
    const { request, why, subject } = action;
    log.info({ ...request, why }, `doing: ${request.verb}`);
    const outcome = await ports.act(request, (line) => log.debug({ verb: request.verb }, line));
    memory.attempts.push({
      verb: request.verb,
      subject,
      at: clock.now(),
      reason: outcome.reason,
      detail: outcome.detail,
    });
    remember(memory, clock.now());
    const event = outcomeEvent(request, why, outcome, at());
    reporter.record(event);
    log[event.ok ? 'info' : 'warn'](
      { verb: request.verb, reason: outcome.reason, steps: outcome.steps },
      event.summary,
    );
    return true;
  };

  const run = async () => {
    reporter.record(startedEvent(host.name, host.agentVersion, at()));
    while (!stopped) {
      const { snapshot, plan } = await look();
      report(snapshot);
      if (await doFirst(plan)) continue;
      status.next(plan.lookAgainAt);
      await nextTrigger(plan.lookAgainAt);
    }
  };
  const running = run();

  return {
    stop: async () => {
      stopped = true;
      wake();
      changes.stop();
      reporter.stop();
      await Promise.all([running, watching.stop()]);
    },
  };
}
