import type { Result } from '@certherd/protocol/failure';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import type { Refusal } from './adoption.ts';
import { certbotEnvironment, certbotPlaces, typed } from './command-line.ts';
import type { MachineryObserved } from '../observe/renewal-machinery.ts';
import type { Observations } from '../observe/observations.ts';
import { managedBy } from './unmanaged.ts';

/** The server blocks whose certificate is to be moved. All of them: they name one file. */
export interface AdoptionTarget {
  certificatePath: string;
  deployments: [Deployment, ...Deployment[]];
}

/** What `adopt NAME` means: a certificate's path, or a server name that is served with one certificate. */
export function adoptionTarget(
  name: string,
  observations: Observations & MachineryObserved,
  config: Config,
): Result<AdoptionTarget, Refusal> {
  const { deployments } = observations;
  const isMeant = ({ certificatePath, serverNames }: Deployment) =>
    certificatePath === name || serverNames.some((one) => one !== '' && one.toLowerCase() === name.toLowerCase());
  const meant = deployments.filter(isMeant);
  const paths = [...new Set(meant.map(({ certificatePath }) => certificatePath))];
  const [path] = paths;
  if (path === undefined)
    return refused(
      'not-found',
      `no server here has the name ${name}, or a certificate at that path: certherd-agent check shows both`,
    );
  const all = deployments.filter(({ certificatePath }) => certificatePath === path);
  const [first, ...others] = all;
  const several = meant.find((one) => deployments.some((other) => isOtherPairOf(one, other)));
  if (several)
    return refused(
      'not-supported',
      `${placeOf(several)} names several certificates (RSA and ECDSA): take all but one out, and adopt that one`,
    );
  if (!first || paths.length > 1)
    return refused('not-found', `${name} is served with several certificates: name one of ${paths.join(', ')}`);
  const stranger = all.find(({ server }) => server !== 'nginx');
  if (stranger) return { ok: false, failure: byHand(stranger, config) };
  const broken = all.find(({ failure }) => failure?.reason === 'unsupported' || failure?.reason === 'syntax');
  if (broken?.failure) return refused('not-supported', `${placeOf(broken)}: ${broken.failure.detail}`);
  const owner = managedBy(first, { observations });
  if (owner !== undefined)
    return refused('already-managed', `${path} is renewed by ${owner}: there is nothing to adopt`);
  return { ok: true, value: { certificatePath: path, deployments: [first, ...others] } };
}

function isOtherPairOf(one: Deployment, other: Deployment): boolean {
  return (
    one.configFile === other.configFile && one.line === other.line && one.certificatePath !== other.certificatePath
  );
}

/** Other servers' configs are not edited: what a person types there. */
function byHand({ server, serverNames, certificatePath, ...place }: Deployment, config: Config): Refusal {
  const detail = `${placeOf(place)}: the config of ${server === 'other' ? 'a listed server' : server} is not edited`;
  const names = serverNames.filter((name) => /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(name));
  if (server !== 'apache' || names.length === 0)
    return {
      reason: 'not-supported',
      detail,
      instead: `Have ${certificatePath} renewed by an ACME client that writes it and reloads the server.`,
    };
  const argv = [config.certbot.binary, '--apache', ...names.flatMap((name) => ['-d', name]), ...certbotPlaces(config)];
  return { reason: 'not-supported', detail, instead: typed(argv, certbotEnvironment(config)) };
}

function placeOf({ configFile, line }: Pick<Deployment, 'configFile' | 'line'>): string {
  return `${configFile}:${line}`;
}

function refused(reason: Refusal['reason'], detail: string): { ok: false; failure: Refusal } {
  return { ok: false, failure: { reason, detail } };
}
