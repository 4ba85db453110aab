import path from 'node:path';
import type { Failure, Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import { readRenewalConfig } from '../formats/certbot-renewal.ts';
import { type ChallengePlace, challengePlace } from '../formats/nginx-challenge.ts';
import { type NamedPairs, namedPairs } from '../formats/nginx-named-pairs.ts';
import type { ConfigFiles, LookPorts } from '../ports.ts';
import { observeCertbotPlugins } from './certbot-plugins.ts';
import { observeListening } from './listening-sockets.ts';
import { readNginxConfig } from './nginx-includes.ts';
import type { Observations } from './observations.ts';

/** What moving a certificate to certbot depends on, besides the look that every check makes. */
export interface Adoptable {
  /** For each server block of nginx, the directives that name its certificates. */
  pairs: NamedPairs[];
  /** The directory of nginx's main config, links followed. */
  configDirectory: string;
  /** Files that hold such directives, by the path under which nginx includes them. */
  files: ReadonlyMap<string, ConfigFileSeen>;
  /** For each name that could be asked for: where nginx would answer an http-01 challenge from. */
  challenges: ReadonlyMap<string, ChallengeSeen>;
  /** certbot's plugins; absent where that cannot be told. */
  plugins?: ReadonlySet<string>;
  /** Who listens where challenges come in; absent where that cannot be told. */
  challengePort?: { bound: boolean; holder?: string };
  /** certbot's accounts by ACME directory: the ids of those that are whole, those that a lineage renews with first. */
  accounts: ReadonlyMap<string, readonly string[]>;
}

export interface ConfigFileSeen {
  /** Where the path leads once links are followed. */
  target: string;
  bytes: Uint8Array;
  /** Why it may not be replaced. */
  failure?: Failure;
}

/** `exists`: the directory is there. */
export type ChallengeSeen = ChallengePlace & { exists?: boolean };

/** Looks for what an adoption needs, by reading alone; nginx and certbot are not asked. */
export function observeAdoptable(
  { files, proc, configFiles }: Pick<LookPorts, 'files' | 'proc'> & { configFiles: Pick<ConfigFiles, 'replaceable'> },
  { nginx, certbot }: Pick<Config, 'nginx' | 'certbot'>,
  { deployments, lineages }: Pick<Observations, 'deployments' | 'lineages'>,
  acmeDirectories: readonly string[],
): Adoptable {
  const { directives } = readNginxConfig(files, nginx.config);
  const pairs = namedPairs(directives);
  const naming = new Set(pairs.flatMap(({ certificates, keys }) => [...certificates, ...keys].map(({ file }) => file)));
  const names = new Set(deployments.flatMap(({ server, serverNames }) => (server === 'nginx' ? serverNames : [])));
  const port = certbot.challengePort;
  const [bound] = observeListening(proc, [{ address: '0.0.0.0', port }]) ?? [];
  const plugins = observeCertbotPlugins(files, certbot.binary);
  const main = files.resolve(nginx.config);
  const holder = bound?.holders?.[0]?.name;
  return {
    pairs,
    configDirectory: path.dirname(main.ok ? main.value : nginx.config),
    files: new Map([...naming].flatMap((file) => configFileSeen(file) ?? [])),
    challenges: new Map([...names].map((name) => [name.toLowerCase(), challengeSeen(name)])),
    ...(plugins && { plugins }),
    ...(bound && { challengePort: { bound: bound.bound || holder !== undefined, ...(holder && { holder }) } }),
    accounts: new Map(acmeDirectories.map((directory) => [directory, accountsAt(directory)])),
  };

  function configFileSeen(file: string): [string, ConfigFileSeen][] | undefined {
    const [target, content] = [files.resolve(file), files.read(file)];
    if (!target.ok || !content.ok) return undefined;
    const may: Result<void> = configFiles.replaceable(file);
    return [[file, { target: target.value, bytes: content.value.bytes, ...(!may.ok && { failure: may.failure }) }]];
  }

  function challengeSeen(name: string): ChallengeSeen {
    const place = challengePlace(directives, name, { port, ...(nginx.prefix && { prefix: nginx.prefix }) });
    return place.root === undefined ? place : { ...place, exists: files.list(place.root).ok };
  }

  /** accounts/HOST[:PORT]/PATH/ID, as certbot cuts the directory's address (AccountFileStorage). */
  function accountsAt(directory: string): string[] {
    if (!URL.canParse(directory)) return [];
    const { host, pathname } = new URL(directory);
    const place = path.join(certbot.configDirectory, 'accounts', host, pathname);
    const found = files.list(place);
    const whole = (found.ok ? found.value : []).filter((id) => files.resolve(path.join(place, id, 'regr.json')).ok);
    const used = lineages
      .filter(({ acmeDirectory }) => acmeDirectory === directory)
      .map(({ renewalConfig }) => files.read(renewalConfig))
      .map((content) => (content.ok ? readRenewalConfig(content.value.bytes).account : undefined));
    return whole.toSorted((a, b) => Number(used.includes(b)) - Number(used.includes(a)));
  }
}
