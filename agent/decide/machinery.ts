import { basename } from 'node:path';
import type { Finding } from '@certherd/protocol/finding';
import type { MachineryObserved } from '../observe/renewal-machinery.ts';
import type { RenewalRunner } from '../observe/renewal-runner.ts';
import { modeOf } from '../config.ts';
import { typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';
import { lifetimeMs } from './renewal-time.ts';

type MachineryFacts = Facts & {
  observations: MachineryObserved;
  config: { certbot: { renewedBy?: string } };
};

/** There are lineages, and neither certbot's timer nor cron nor this agent would ever renew them. */
export function deadRenewalTimer(facts: MachineryFacts, earlier: Finding[]): Finding[] {
  const { observations, config, now } = facts;
  const { machinery } = observations;
  const lineages = observations.lineages.filter(({ name }) => modeOf(config, name) !== 'renew');
  if (lineages.length === 0 || config.certbot.renewedBy !== undefined) return [];
  if (earlier.some(({ code }) => code === 'certbot-absent')) return [];
  const active = machinery.runners.filter(({ state }) => state === 'active');
  const silent = active.length > 0 ? silenceOf(active, facts, lineages) : undefined;
  if (active.length > 0 && silent === undefined) return [];
  const hidden = silent === undefined && machinery.unreadable.length > 0;
  const died = silent ?? lastSeen(machinery.runners, facts);
  const verdict = silent === undefined ? nobodyRuns(facts) : stoppedRunning(active, silent);
  return [
    {
      code: 'renewal-timer-dead',
      severity: hidden ? 'unknown' : 'warning',
      subject: { kind: 'host', id: observations.host.name },
      since: instant(died ?? now),
      cause: `${verdict.cause}: nobody renews ${lineages.length === 1 ? `lineage ${lineages[0]?.name}` : `the ${lineages.length} lineages`} on this host`,
      evidence: {
        lineages: lineages
          .map(({ name }) => name)
          .join(', ')
          .slice(0, 4000),
        'looked at':
          machinery.runners
            .map(({ name, state }) => `${name}: ${state}`)
            .join(', ')
            .slice(0, 4000) || 'systemd timers, crontabs: none runs certbot',
        'last run': machinery.lastRun ? instant(machinery.lastRun.at) : 'not in the log',
        ...(hidden ? { 'could not be read': machinery.unreadable.join(', ').slice(0, 4000) } : {}),
      },
      remedy: hidden ? 'Run this command as root.' : verdict.remedy,
    },
  ];
}

/** certbot's own last run could not renew a lineage; told apart from the agent's attempts, which have a policy of their own. */
export function failingTimerRun(facts: MachineryFacts, earlier: Finding[]): Finding[] {
  const { lineages, machinery } = facts.observations;
  const run = machinery.lastRun;
  if (!run) return [];
  return run.failed.flatMap(({ lineage: name, reason }) => {
    const lineage = lineages.find((candidate) => candidate.name === name);
    const told = earlier.some(({ code, subject }) => code === 'renewal-failing' && subject.id === name);
    if (!lineage || told || Date.parse(lineage.changedAt ?? '') > run.at) return [];
    return [
      {
        code: 'renewal-failing' as const,
        severity: 'warning' as const,
        subject: { kind: 'lineage' as const, id: name },
        since: instant(run.at),
        cause: `certbot's own run at ${instant(run.at)} could not renew lineage ${name}: ${reason}`.slice(0, 4000),
        evidence: { log: run.log, reason: reason.slice(0, 4000) },
        remedy: renewAndLoad(facts, name),
      },
    ];
  });
}

/** The instant of the last sign of life, where that is longer ago than the shortest-lived lineage can bear. */
function silenceOf(
  active: RenewalRunner[],
  facts: MachineryFacts,
  lineages: MachineryFacts['observations']['lineages'],
): number | undefined {
  const last = lastSeen(active, facts);
  if (last === undefined) return undefined;
  const lives = lineages
    .map(({ live }) => facts.certificates.get(live ?? ''))
    .flatMap((certificate) => (certificate ? [lifetimeMs(certificate)] : []));
  if (lives.length === 0) return undefined;
  // half of the third of its life that is left when it is due; a run every twelve hours with up to twelve more of chance is normal
  const patience = Math.max(Math.min(...lives) / 6, 36 * 3_600_000);
  const changes = lineages.map(({ changedAt }) => Date.parse(changedAt ?? '') || 0);
  return facts.now - Math.max(last, ...changes) > patience ? last : undefined;
}

function lastSeen(runners: RenewalRunner[], { observations }: MachineryFacts): number | undefined {
  const seen = [observations.machinery.lastRun?.at, ...runners.map(({ lastStartedAt }) => lastStartedAt)];
  const known = seen.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

interface Verdict {
  cause: string;
  remedy: string;
}

function stoppedRunning([runner]: RenewalRunner[], last: number): Verdict {
  return {
    cause: `${runner?.name} is set up to run certbot, and has not since ${instant(last)}`,
    remedy: runner?.kind === 'timer' ? enable(runner.name) : typed(['systemctl', 'enable', '--now', 'cron.service']),
  };
}

function nobodyRuns({ observations }: MachineryFacts): Verdict {
  const { runners } = observations.machinery;
  const byState = (state: RenewalRunner['state']) => runners.find((runner) => runner.state === state);
  const masked = byState('masked');
  if (masked) {
    const units = [masked.service ?? masked.name];
    return {
      cause: `${units[0]} is masked, so that systemd never starts it`,
      remedy: `${typed(['systemctl', 'unmask', ...units])} && ${enable(masked.name)}`,
    };
  }
  const idle = byState('not-enabled');
  if (idle) return { cause: `${idle.name} is not enabled`, remedy: enable(idle.name) };
  const timeless = byState('no-schedule');
  if (timeless)
    return {
      cause: `${timeless.name} has no time left at which it would run`,
      remedy: typed(['systemctl', 'revert', basename(timeless.name)]),
    };
  const cron = byState('stands-back');
  if (cron)
    return {
      cause: `${cron.name} does nothing where systemd runs, and there is no timer in its place`,
      remedy: typed(['apt-get', 'install', '--reinstall', '-o', 'Dpkg::Options::=--force-confmiss', 'certbot']),
    };
  const stranded = byState('no-daemon');
  if (stranded)
    return {
      cause: `${stranded.name} would run certbot, but neither systemd nor a cron daemon is there to start it`,
      remedy: 'Set mode = "renew" in agent.toml, or install a cron daemon: apt-get install cron',
    };
  return {
    cause: 'no systemd timer and no crontab runs certbot on them',
    remedy: 'Set mode = "renew" in agent.toml, or name who renews them: renewed_by under [certbot].',
  };
}

function enable(timer: string): string {
  return typed(['systemctl', 'enable', '--now', timer]);
}
