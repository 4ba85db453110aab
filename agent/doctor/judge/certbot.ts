import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { counted, listed } from '@certherd/command-line/words';
import { modeOf } from '../../config.ts';
import type { AskedDirectory } from '../gather/acme.ts';
import type { CertbotFacts } from '../gather/certbot.ts';
import type { Installation } from '../gather/installation.ts';
import { asRoot } from './words.ts';

const why = {
  renewal: 'Its certificates are not renewed, and end.',
  asked: 'Nothing can be renewed there, and the agent does not learn when the CA wants a certificate renewed.',
};

/** Is certbot there, can it be started by who should start it, does it reach its CA, and does somebody have it renew? */
export function judgeCertbot(facts: CertbotFacts, { config, daemon, account, named }: Installation): Diagnosis[] {
  const { directory, configDirectory, lineages } = facts;
  if (directory === 'absent')
    return [ok('certbot', `nothing in ${configDirectory}: certbot keeps no certificate here, and is not needed`)];
  const program = programOf(facts);
  if (directory !== 'present')
    return [
      ...program,
      notTold('certbot-lineages', `${configDirectory} may not be read by this user`, { fix: asRoot(named) }),
    ];
  const renewed = lineages.filter((name) => modeOf(config, name) === 'renew');
  const uid = daemon?.uid ?? account?.uid;
  return [
    ...program,
    ...plugins(facts),
    ...(renewed.length > 0 && uid !== undefined && uid !== 0 && facts.method === 'snap' ? [snapUnderAct(renewed)] : []),
    ...facts.asked.map(answered),
    ...renewers(facts, renewed, named),
  ];
}

function programOf({ binary, program, version, method, lineages }: CertbotFacts): Diagnosis[] {
  if (typeof program === 'string')
    return [
      ok(
        'certbot',
        `${binary}, version ${version ?? 'unknown'} (${method}), keeps ${counted(lineages.length, 'lineage')}`,
      ),
    ];
  return [
    wrong(
      'certbot',
      `${binary} is not there, and certbot's lineages are`,
      why.renewal,
      'apt-get install certbot (or dnf install certbot); if it is elsewhere, name it: binary = "/path/to/certbot" under [certbot] in agent.toml',
    ),
  ];
}

function plugins({ pluginsMissing = [], method }: CertbotFacts): Diagnosis[] {
  return pluginsMissing.map(({ plugin, lineages }) =>
    wrong(
      'certbot-plugin',
      `the plugin ${plugin} is not installed, and is named by ${listed(lineages)}`,
      why.renewal,
      installOf(plugin, method),
    ),
  );
}

function installOf(plugin: string, method: CertbotFacts['method']): string {
  if (method === 'snap') return `snap set certbot trust-plugin-with-root=ok && snap install certbot-${plugin}`;
  if (method === 'Debian package') return `apt-get install python3-certbot-${plugin}`;
  return method === 'package'
    ? `dnf install python3-certbot-${plugin}`
    : `pip install certbot-${plugin}, in the environment of certbot`;
}

/** snap-confine makes mounts, which the sandbox of act forbids. */
function snapUnderAct(lineages: readonly string[]): Diagnosis {
  return wrong(
    'certbot-snap',
    `certbot is from snap, which cannot start in the sandbox of certherd-act@.service, and mode "renew" has it started there for ${listed(lineages)}`,
    'Every renewal of the agent fails.',
    'Set mode = "deploy" in agent.toml and leave renewing to snap.certbot.renew.timer, or: apt-get install certbot',
  );
}

function answered({ address, host, lineages, answer }: AskedDirectory): Diagnosis {
  const of = `, the CA of ${listed(lineages)}`;
  if (answer.ok && answer.value.status === 200 && answer.value.isDirectory)
    return ok('certbot-ca', `${host} answers as an ACME directory${of}`);
  if (answer.ok)
    return wrong(
      'certbot-ca',
      `${address}${of}, answers ${answer.value.status} and is no ACME directory`,
      why.asked,
      `curl -i ${address}`,
    );
  const isTrust = answer.failure.reason === 'handshake-failed';
  const fix = isTrust
    ? 'If it is your own CA, name its roots: ca_bundle = "/path/to/roots.pem" under [certbot] in agent.toml'
    : `Let this host connect to ${host}, or name a proxy (HTTPS_PROXY); asks once more: curl -i ${address}`;
  return wrong('certbot-ca', `${host}${of}, is not reached: ${answer.failure.detail}`, why.asked, fix);
}

function renewers(
  { nobodyRenews, renewers: active, lineages }: CertbotFacts,
  renewed: readonly string[],
  named: string | undefined,
): Diagnosis[] {
  if (lineages.length === 0) return [];
  if (nobodyRenews?.hidden) return [notTold('certbot-renewer', nobodyRenews.cause, { fix: asRoot(named) })];
  if (nobodyRenews) return [wrong('certbot-renewer', nobodyRenews.cause, why.renewal, nobodyRenews.remedy)];
  const by = [...active, ...(renewed.length > 0 ? [`the agent (mode "renew") for ${listed(renewed)}`] : [])];
  return [
    ok(
      'certbot-renewer',
      by.length > 0 ? `renewed by ${by.join(' and ')}` : 'renewed by whom renewed_by names in the settings',
    ),
  ];
}
