import type { Failure } from '@certherd/protocol/failure';
import { deadRenewalTimer } from '../../decide/machinery.ts';
import { certificatesByFingerprint, type Observations } from '../../observe/observations.ts';
import { observeCertbotPlugins, observeCertbotVersion } from '../../observe/certbot-plugins.ts';
import type { DoctorPorts } from '../doctor-ports.ts';
import type { AskedDirectory } from './acme.ts';
import type { Installation } from './installation.ts';

export interface CertbotFacts {
  binary: string;
  /** Where it leads to; a failure where it is not there. */
  program: string | Failure;
  version?: string;
  method: 'Debian package' | 'package' | 'snap' | 'pip or by hand';
  /** Of the config directory. */
  configDirectory: string;
  directory: 'present' | 'absent' | Failure;
  lineages: string[];
  /** Plugins that lineages name and this certbot has not, with the lineages; absent where its packages are not found. */
  pluginsMissing?: { plugin: string; lineages: string[] }[];
  asked: readonly AskedDirectory[];
  /** Why nobody would renew; absent where somebody does. */
  nobodyRenews?: { cause: string; remedy: string; hidden: boolean };
  renewers: string[];
}

/** From a look at the files of the host; certbot itself is not run: it locks its directories even to tell its version. */
export function observeCertbot(
  { files, clock }: DoctorPorts,
  { config }: Installation,
  seen: Observations,
  asked: readonly AskedDirectory[],
): CertbotFacts {
  const { binary, configDirectory } = config.certbot;
  const resolved = files.resolve(binary);
  const program = resolved.ok ? resolved.value : resolved.failure;
  const version = observeCertbotVersion(files, binary);
  const plugins = observeCertbotPlugins(files, binary);
  const facts = {
    observations: seen,
    certificates: certificatesByFingerprint(seen),
    attempts: [],
    config,
    now: clock.now(),
  };
  const [dead] = deadRenewalTimer(facts, []);
  return {
    binary,
    program,
    ...(version !== undefined && { version }),
    method: methodOf(files, resolved.ok ? resolved.value : binary),
    configDirectory,
    directory: seen.certbot.directory,
    lineages: seen.lineages.map(({ name }) => name),
    ...(plugins && { pluginsMissing: missingOf(plugins, seen.lineages) }),
    asked,
    ...(dead && { nobodyRenews: { cause: dead.cause, remedy: dead.remedy, hidden: dead.severity === 'unknown' } }),
    renewers: seen.machinery.runners.filter(({ state }) => state === 'active').map(({ name }) => name),
  };
}

function methodOf(files: DoctorPorts['files'], program: string): CertbotFacts['method'] {
  if (/(?:^\/snap\/|\/snap$)/.test(program)) return 'snap';
  if (!program.startsWith('/usr/bin/')) return 'pip or by hand';
  return files.resolve('/var/lib/dpkg/info/certbot.list').ok ? 'Debian package' : 'package';
}

function missingOf(plugins: ReadonlySet<string>, lineages: Observations['lineages']) {
  const users = new Map<string, string[]>();
  for (const { name, authenticator } of lineages)
    if (authenticator !== undefined && !plugins.has(authenticator))
      users.set(authenticator, [...(users.get(authenticator) ?? []), name]);
  return [...users].map(([plugin, names]) => ({ plugin, lineages: names }));
}
