import { span } from '@certherd/command-line/span';
import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { typed } from '../../decide/command-line.ts';
import { type Installation, serviceName } from '../gather/installation.ts';
import { asRoot, restart, withSettings } from './words.ts';

const why = {
  dead: 'Nothing watches this host between your checks: what drifts is not noticed, and nothing is renewed or reloaded.',
  late: 'What it last told of this host is out of date, and nothing is renewed or reloaded.',
  other: 'What was mended in this version is not in force, and it may not speak the version of its collector.',
  settings: 'The daemon reads its settings when it starts: what was changed since is not in force.',
  boot: 'After the next boot nobody watches this host.',
};

/** Does the daemon run, as this version, with these settings, and does it look? Does something start it at boot? */
export function judgeDaemon(installation: Installation, now: number): Diagnosis[] {
  const { daemon, status, service } = installation;
  if (status.read === undefined && status.why === 'unreadable' && !daemon)
    return [
      notTold('daemon', 'whether the daemon runs is told by its state directory, which this user may not read', {
        fix: asRoot(installation.named),
      }),
    ];
  if (!daemon) return [...stopped(installation, now), ...atBoot(installation)];
  const told = status.read?.pid === daemon.pid ? status.read : undefined;
  const by = daemon.unit === undefined ? '' : ` (${daemon.unit})`;
  const looked = told?.lookedAt === undefined ? 'has not looked yet' : `looked ${ago(now, told.lookedAt)} ago`;
  const faults = [...outdated(installation, told), ...late(installation, told, now), ...atBoot(installation)];
  const runs = ok(
    'daemon',
    `runs as pid ${daemon.pid}${by} for ${told ? ago(now, told.startedAt) : 'a while'}, ${looked}`,
  );
  const alone =
    service || daemon.unit ? [] : [ok('daemon-unit', 'it was started by hand: nothing but you starts it after a boot')];
  return [runs, ...alone, ...faults];
}

function stopped({ service, status, systemd, named }: Installation, now: number): Diagnosis[] {
  if (service?.masked)
    return [
      wrong(
        'daemon',
        `${service.name} is masked, so that systemd never starts it`,
        why.dead,
        typed(['systemctl', 'unmask', service.name]),
      ),
    ];
  if (service) {
    const restarting = service.active ? ', though systemd has it started: it ends and is started again' : '';
    const fix = service.active ? typed(['journalctl', '-u', service.name, '-n', '20']) : start();
    return [wrong('daemon', `the daemon does not run${restarting}`, why.dead, fix)];
  }
  if (status.read === undefined)
    return [
      ok(
        'daemon',
        'none is set up here, and none has run: certherd-agent check works without it (docs/install.md sets one up)',
      ),
    ];
  const last = status.read.lookedAt ?? status.read.startedAt;
  const run = withSettings('run', named);
  const fix = systemd ? `${run} (as a service: docs/install.md)` : run;
  return [
    wrong('daemon', `the daemon does not run, and did ${ago(now, last)} ago (pid ${status.read.pid})`, why.dead, fix),
  ];
}

function outdated(installation: Installation, told: Installation['status']['read']): Diagnosis[] {
  if (!told) return [];
  const { own, config } = installation;
  const again = restart(installation);
  return [
    ...(told.agentVersion === own.version
      ? [ok('daemon-version', `it is version ${own.version}, as this program`)]
      : [
          wrong(
            'daemon-version',
            `it is version ${told.agentVersion}, and this program is ${own.version}`,
            why.other,
            again,
          ),
        ]),
    ...(told.mode === config.mode
      ? []
      : [
          wrong(
            'daemon-settings',
            `it runs with mode "${told.mode}", and the settings say "${config.mode}"`,
            why.settings,
            again,
          ),
        ]),
  ];
}

/** As the collector counts: after three looks that did not come, and a minute. */
function late(installation: Installation, told: Installation['status']['read'], now: number): Diagnosis[] {
  if (!told) return [];
  const { config, daemon } = installation;
  const last = Date.parse(told.lookedAt ?? told.startedAt);
  const patience = 3 * config.rescanMs + 60_000;
  if (now - last <= patience) return [];
  const what = told.lookedAt === undefined ? 'it has not finished its first look' : 'it has not looked';
  const logs = typed(['journalctl', '-u', daemon?.unit ?? serviceName, '-n', '50']);
  const fix = `${restart(installation)}${daemon?.unit === undefined ? '' : `; if it hangs again: ${logs}`}`;
  return [
    wrong('daemon-look', `${what} for ${span(now - last)}, and should each ${span(config.rescanMs)}`, why.late, fix),
  ];
}

function atBoot({ service, systemd }: Installation): Diagnosis[] {
  if (!service || service.enabled || service.masked || !systemd) return [];
  return [
    wrong('daemon-boot', `${service.name} is not enabled`, why.boot, typed(['systemctl', 'enable', service.name])),
  ];
}

function start(): string {
  return typed(['systemctl', 'enable', '--now', serviceName]);
}

function ago(now: number, at: string): string {
  return span(now - Date.parse(at));
}
