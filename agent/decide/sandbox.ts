import type { Finding } from '@certherd/protocol/finding';
import type { OwnRights } from '../observe/own-rights.ts';
import { ownCommand, typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { type MissingRight, missingByWords, missingRead } from './missing-right.ts';
import { deploymentDigest } from './reload.ts';
import { ownMaster } from './running.ts';

/** A fault that is ours: what is missing, and what cannot be seen or done because of it. */
interface Blocked extends MissingRight {
  severity: Finding['severity'];
  /** Files, endpoints or the server's own words. */
  objects: string[];
  since: string;
  /** What that keeps from being told, or done. */
  loss: string;
  /** The unit that lacks it, where it is not the agent's own. */
  unit?: string;
}

/** Started anew for each action: what is changed there counts from the next one on. */
const actUnit = 'certherd-act@.service';

/**
 * The findings with those taken out that only the agent's own rights are the reason for, and one `sandbox-blocked` for
 * each right that is missing. What the server cannot read either stays the finding that it was.
 */
export function withOwnFaults(findings: Finding[], facts: Facts): Finding[] {
  const { rights } = facts.observations;
  if (!rights) return findings;
  const unread = findings.filter((finding) => isUnread(finding, facts, rights));
  const unasked = findings.filter((finding) => isUnasked(finding, rights));
  const blocked = [
    readBlocked(unread, rights),
    connectBlocked(
      unasked.filter((one) => !isSocketFile(one)),
      rights,
    ),
    socketsBlocked(unasked.filter(isSocketFile), rights),
    hiddenProcesses(facts, rights),
    actBlocked(facts, rights),
  ].flatMap((one) => one ?? []);
  const ours = new Set([...(missingRead(rights) ? unread : []), ...unasked]);
  return [...findings.filter((finding) => !ours.has(finding)), ...blocked.map((one) => told(one, facts, rights))];
}

function isUnread({ evidence, severity }: Finding, facts: Facts, rights: OwnRights): boolean {
  if (evidence.reason !== 'permission-denied' || severity !== 'unknown') return false;
  const server = ownMaster(facts)?.uid;
  return server === undefined || server === 0 || server !== rights.uid;
}

/** EPERM is a firewall of our own (IPAddressDeny=); EAFNOSUPPORT under a filter of system calls is RestrictAddressFamilies=. */
function isUnasked({ code, evidence }: Finding, { filtered }: OwnRights): boolean {
  if (code !== 'endpoint-unreachable') return false;
  return evidence.reason === 'permission-denied' || (filtered && (evidence.detail ?? '').includes('EAFNOSUPPORT'));
}

function readBlocked(unread: Finding[], rights: OwnRights): Blocked | undefined {
  const missing = missingRead(rights);
  const [first] = unread;
  if (!missing || !first) return undefined;
  const objects = unread.map(
    ({ evidence, subject }) => evidence.file ?? evidence.path ?? evidence['renewal config'] ?? subject.id,
  );
  return { ...missing, severity: 'unknown', objects, since: first.since, loss: 'what they hold cannot be told' };
}

function connectBlocked(unasked: Finding[], { unit, uid }: OwnRights): Blocked | undefined {
  const [first] = unasked;
  if (!first) return undefined;
  const families = unasked.some(({ evidence }) => (evidence.detail ?? '').includes('EAFNOSUPPORT'));
  return {
    right: 'open connections',
    because: families
      ? `its address family is filtered away from it${unit ? ` (RestrictAddressFamilies= of ${unit})` : ''}`
      : `the kernel refuses to let uid ${uid} connect${unit ? ` (IPAddressDeny= of ${unit})` : ''}`,
    directives: families ? ['RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX'] : ['IPAddressAllow=localhost'],
    need: 'connections to this host allowed',
    severity: 'unknown',
    objects: unasked.map(({ evidence, subject }) => evidence.address ?? subject.id),
    since: first.since,
    loss: 'what they serve cannot be told',
  };
}

/** connect(2) asks a unix socket's own permissions, and those of the directories above it; no setting of a unit is to blame. */
function socketsBlocked(unasked: Finding[], { uid }: OwnRights): Blocked | undefined {
  const [first] = unasked;
  if (!first) return undefined;
  return {
    right: 'open unix sockets',
    because: `their permissions, or those of a directory above them, keep out uid ${uid}`,
    directives: [],
    need: 'CAP_DAC_OVERRIDE',
    severity: 'unknown',
    objects: unasked.map(({ evidence, subject }) => evidence.address ?? subject.id),
    since: first.since,
    loss: 'what they serve cannot be told',
  };
}

function isSocketFile({ evidence }: Finding): boolean {
  return (evidence.address ?? '').startsWith('unix:') && evidence.reason === 'permission-denied';
}

/** Then only the causes are lost: what is served is told by handshakes. */
function hiddenProcesses({ observations, now }: Facts, { processesHidden, uid }: OwnRights): Blocked | undefined {
  if (!processesHidden || observations.deployments.length === 0) return undefined;
  return {
    right: 'see processes',
    because: `/proc hides other users' processes from uid ${uid} (hidepid, ProtectProc=)`,
    directives: ['ProtectProc=default'],
    need: "the processes of this host's servers visible in /proc",
    severity: 'warning',
    objects: ['/proc'],
    since: instant(now),
    loss: 'why a server does not serve what is configured cannot be told',
  };
}

/** The last reload of this state failed since the agent's sandbox let nginx's own program do less than the server may. */
function actBlocked({ observations, attempts }: Facts, rights: OwnRights): Blocked | undefined {
  const subject = deploymentDigest(observations);
  const last = attempts.findLast((attempt) => attempt.verb === 'reload' && attempt.subject === subject);
  const isServed = observations.endpoints.every(
    ({ server, served, configured }) => server !== 'nginx' || served === configured,
  );
  if (last?.reason !== 'sandbox-blocked' || isServed) return undefined;
  // the unprivileged agent of the unit has actions done by another one, with other rights
  const isApart = rights.uid !== 0 && rights.unit !== undefined;
  const missing = (isApart ? missingForAct(last.detail) : missingByWords(last.detail, rights)) ?? {
    right: 'test and reload nginx',
    because: 'the process that acts lacks a right that the server has',
    directives: [],
    need: 'the rights of root',
  };
  return {
    ...missing,
    severity: 'unknown',
    objects: [last.detail],
    since: instant(last.at),
    loss: 'nginx is not reloaded',
  };
}

/** The right that `act` missed, by its own words: they are all that the daemon knows of that process. */
function missingForAct(words: string): (MissingRight & { unit: string }) | undefined {
  const [, right, because] = /certherd-agent may not ([a-z0-9 ]+) here \((.*)\)$/.exec(words) ?? [];
  if (right === undefined || because === undefined) return undefined;
  const [, path] = /"(\/[^"]+)"[^"]*Read-only file system/.exec(words) ?? [];
  const [, capability] = /without (CAP_[A-Z_]+)/.exec(because) ?? [];
  const directives = [
    path && `ReadWritePaths=${path.slice(0, path.lastIndexOf('/')) || '/'}`,
    capability && `CapabilityBoundingSet=${capability}`,
  ];
  return { right, because, directives: directives.flatMap((one) => one || []), need: 'more rights', unit: actUnit };
}

const objectsShown = 20;

function told(blocked: Blocked, { observations, config }: Facts, rights: OwnRights): Finding {
  const { right, because, objects, severity, since, loss } = blocked;
  const distinct = [...new Set(objects)];
  const shown = distinct.slice(0, objectsShown).join(', ');
  const more = distinct.length > objectsShown ? `, and ${distinct.length - objectsShown} more` : '';
  return {
    code: 'sandbox-blocked',
    severity,
    subject: { kind: 'host', id: `${observations.host.name}: ${right}` },
    since,
    cause: `certherd-agent may not ${right} here, and the server may: ${because}; ${loss}`,
    evidence: {
      concerned: `${shown}${more}`,
      ...(blocked.unit
        ? { unit: blocked.unit }
        : {
            uid: String(rights.uid),
            'effective capabilities': rights.capabilities.toString(16),
            'no new privileges': String(rights.noNewPrivileges),
            ...(rights.unit && { unit: rights.unit }),
          }),
    },
    remedy: remedyFor(blocked, rights, `sudo ${ownCommand(['check'], config)}`),
  };
}

function remedyFor({ directives, need, unit: other }: Blocked, { unit, uid }: OwnRights, asRoot: string): string {
  if (other && directives.length > 0)
    return `In "${typed(['systemctl', 'edit', other])}" put under [Service]: ${directives.join(', ')}`;
  if (unit && directives.length > 0)
    return `In "${typed(['systemctl', 'edit', unit])}" put under [Service]: ${directives.join(', ')}; then: ${typed(['systemctl', 'restart', unit])}`;
  return uid === 0 ? `Start certherd-agent with ${need}.` : asRoot;
}
