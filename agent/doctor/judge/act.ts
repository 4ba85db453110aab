import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { typed } from '../../decide/command-line.ts';
import type { ActFacts } from '../gather/act.ts';
import type { Installation } from '../gather/installation.ts';
import { dropIn } from './words.ts';

const why = 'What the settings allow cannot be done: every renewal and reload of the agent ends with "not-allowed".';
const socketName = 'certherd-act.socket';
const actName = 'certherd-act@.service';

/** Can the agent have done what its settings allow? */
export function judgeAct(facts: ActFacts, { daemon, account, config, service }: Installation): Diagnosis[] {
  if (!facts.allowed) return [ok('act', 'nothing is allowed (mode "observe"), so nothing of Certherd runs as root')];
  const uid = daemon?.uid ?? account?.uid;
  if (uid === 0 || (uid === undefined && !service))
    return [ok('act', `mode is "${config.mode}"; an agent that runs as root does it by itself`)];
  const faults = [...socketFaults(facts, daemon?.groups, account), ...sandboxFaults(facts)];
  return faults.length > 0
    ? faults
    : [ok('act', `mode is "${config.mode}"; systemd starts each action at ${facts.socketPath}`)];
}

function socketFaults(
  { socketPath, socket, listening, socketUnit }: ActFacts,
  groups: readonly number[] | undefined,
  account: Installation['account'],
): Diagnosis[] {
  const enable = typed(['systemctl', 'enable', '--now', socketName]);
  if (!socket.ok && socket.failure.reason === 'not-found') {
    const fix = socketUnit ? enable : `Install ${socketName} and ${actName} (docs/install.md), then: ${enable}`;
    return [wrong('act-socket', `${socketPath} is not there`, why, fix)];
  }
  if (!socket.ok) return [notTold('act-socket', `${socketPath} may not be looked at by this user`)];
  if (listening === false)
    return [wrong('act-socket', `nobody listens at ${socketPath}`, why, typed(['systemctl', 'restart', socketName]))];
  const { mode, gid, uid } = socket.value;
  const byOwner = uid === account?.uid && (mode & 0o600) === 0o600;
  const byGroup = (groups?.includes(gid) ?? true) && (mode & 0o060) === 0o060;
  if (!byOwner && !byGroup && (mode & 0o006) !== 0o006)
    return [
      wrong(
        'act-socket',
        `${account?.name ?? 'the agent'} may not connect to ${socketPath}: its group is ${gid}, its mode ${mode.toString(8)}`,
        why,
        `${typed(['systemctl', 'revert', socketName])} && ${typed(['systemctl', 'restart', socketName])}`,
      ),
    ];
  if ((mode & 0o006) !== 0)
    return [
      wrong(
        'act-socket',
        `everybody on this host may connect to ${socketPath}: its mode is ${mode.toString(8)}`,
        'Any local user may then ask for what the settings allow.',
        `${typed(['systemctl', 'revert', socketName])} && ${typed(['systemctl', 'restart', socketName])}`,
      ),
    ];
  return [];
}

/** Directories of certbot's that the unit of act leaves read-only. */
function sandboxFaults({ actUnit, certbotDirectories }: ActFacts): Diagnosis[] {
  const [protectedSystem] = actUnit?.settings.get('Service.ProtectSystem')?.slice(-1) ?? [];
  if (!actUnit || protectedSystem !== 'strict') return [];
  const writable = (actUnit.settings.get('Service.ReadWritePaths') ?? [])
    .flatMap((line) => line.split(/\s+/))
    .map((path) => path.replace(/^[-+]+/, ''));
  const closed = certbotDirectories.filter(
    (directory) => !writable.some((path) => directory === path || directory.startsWith(`${path.replace(/\/$/, '')}/`)),
  );
  if (closed.length === 0) return [];
  return [
    wrong(
      'act-sandbox',
      `${actName} may not write ${closed.join(', ')}, where the settings have certbot write`,
      'Every renewal that the agent has done fails there.',
      dropIn(
        actName,
        closed.map((path) => `ReadWritePaths=${path}`),
        '',
      ),
    ),
  ];
}
