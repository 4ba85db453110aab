import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { listed } from '@certherd/command-line/words';
import { missingRead } from '../../decide/missing-right.ts';
import { mountOf } from '../../formats/own-process.ts';
import type { OwnRights } from '../../observe/own-rights.ts';
import { typed } from '../../decide/command-line.ts';
import type { Installation } from '../gather/installation.ts';
import type { RightsFacts } from '../gather/rights.ts';
import { asRoot, dropIn } from './words.ts';

const why = {
  read: 'What certbot keeps cannot be read: for its certificates the agent can only say that it does not know.',
  proc: 'Why a server does not serve what it is configured with cannot be told: its processes are not seen.',
  state: 'What the agent keeps cannot be written: it does not start, or forgets with each restart.',
};

/** As whom this is told, and what the daemon's own account and sandbox keep from it. */
export function judgeRights(facts: RightsFacts, installation: Installation): Diagnosis[] {
  const { own, daemon } = installation;
  const name = own.uid === 0 ? 'root' : `${own.userName} (uid ${own.uid})`;
  const who = ok(
    'account',
    `this is looked at as ${name}${own.uid === 0 ? '' : ': what only root may see is "not told"'}`,
  );
  return [who, ...(daemon ? ofDaemon(installation, daemon) : ofThis(facts, installation))];
}

function ofDaemon({ config, named }: Installation, daemon: NonNullable<Installation['daemon']>): Diagnosis[] {
  const { rights, unit } = daemon;
  const known: OwnRights = rights ?? { ...daemon, readOnlyMounts: [], processesHidden: false };
  const missing = missingRead(known);
  const faults: Diagnosis[] = [];
  if (missing && daemon.uid !== 0) {
    const fix =
      unit === undefined ? `Start certherd-agent with ${missing.need}, or as root.` : dropIn(unit, missing.directives);
    faults.push(wrong('rights-read', `the daemon may not read what only root may: ${missing.because}`, why.read, fix));
  }
  const mount = mountOf(daemon.mounts ?? [], config.stateDirectory);
  if (mount?.readOnly && unit !== undefined)
    faults.push(
      wrong(
        'rights-state',
        `the sandbox of ${unit} has ${mount.point} read-only, and with it ${config.stateDirectory}`,
        why.state,
        dropIn(unit, [`ReadWritePaths=${config.stateDirectory}`]),
      ),
    );
  faults.push(...confinedDaemon(daemon));
  if (faults.length > 0) return faults;
  if (!rights)
    return [
      notTold('rights', `what the sandbox of the daemon (pid ${daemon.pid}) keeps from it is told to root alone`, {
        fix: asRoot(named),
      }),
    ];
  const who = daemon.uid === 0 ? 'as root' : `as uid ${daemon.uid}, with the right to read certificates and no other`;
  return [ok('rights', `the daemon runs ${who}, and its sandbox keeps nothing from it that it needs`)];
}

/** What a policy of the host's allows is not to be read from here; that there is one is. */
function confinedDaemon({ confinement, unit }: NonNullable<Installation['daemon']>): Diagnosis[] {
  if (!confinement?.enforces) return [];
  const { module, label } = confinement;
  const says = `${module} confines ${unit ?? 'the daemon'} as ${label}: what it keeps from it is told by the kernel alone`;
  return [notTold('rights-confined', says, { fix: refusals })];
}

const refusals = typed(['journalctl', '-k', '--grep=denied']);

/** The file's mode cannot be why: this is root, with the capability that passes over all modes (capabilities(7)). */
function refusedToRoot({ own: rights, confinement, unread }: RightsFacts): Diagnosis {
  const by = confinement?.enforces
    ? `${confinement.module} refuses it, which confines this process as ${confinement.label}`
    : 'a security module (SELinux, AppArmor) or the file system of another machine refuses it';
  const what = `root may not read ${listed(unread)}`;
  return rights && missingRead(rights) === undefined
    ? wrong(
        'rights-read',
        `${what}, whatever their modes: ${by}`,
        why.read,
        `${refusals} (what to allow is in its lines)`,
      )
    : wrong('rights-read', what, why.read, 'Run it with CAP_DAC_READ_SEARCH.');
}

function ofThis(facts: RightsFacts, { own, named }: Installation): Diagnosis[] {
  const { own: rights, unread, nothing } = facts;
  const told: Diagnosis[] = [];
  if (unread.length > 0) {
    const says = `${own.userName} may not read ${listed(unread)}`;
    told.push(
      own.uid === 0 ? refusedToRoot(facts) : notTold('rights-read', says, { why: why.read, fix: asRoot(named) }),
    );
  } else if (!nothing) told.push(ok('rights-read', 'what certbot keeps can be read'));
  if (rights?.processesHidden) {
    const says = `/proc hides the processes of others from ${own.userName} (hidepid=)`;
    told.push(
      own.uid === 0
        ? wrong('rights-proc', says, why.proc, 'mount -o remount,hidepid=0 /proc')
        : notTold('rights-proc', says, { why: why.proc, fix: asRoot(named) }),
    );
  }
  return told;
}
