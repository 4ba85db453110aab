import type { Area } from '@certherd/command-line/diagnose';
import type { Config } from '../config.ts';
import { observeHost } from '../observe/observe.ts';
import type { DoctorPorts } from './doctor-ports.ts';
import { askDirectories, type AskedDirectory } from './gather/acme.ts';
import { observeAct } from './gather/act.ts';
import { observeCertbot } from './gather/certbot.ts';
import { observeClock } from './gather/clock.ts';
import { type CollectorFacts, observeCollector } from './gather/collector.ts';
import { observeInstallation, type Installation } from './gather/installation.ts';
import { observeLimits } from './gather/limits.ts';
import { observeNames, type WantedName } from './gather/names.ts';
import { observeProxy, proxyEnvironment } from './gather/proxy.ts';
import { observeRights } from './gather/rights.ts';
import { observeServers } from './gather/servers.ts';
import { observeSettings } from './gather/settings-file.ts';
import { observeState } from './gather/state-directory.ts';
import { observeUpgrade } from './gather/upgrade.ts';
import { judgeAct } from './judge/act.ts';
import { judgeCertbot } from './judge/certbot.ts';
import { judgeClock, type OtherClock } from './judge/clock.ts';
import { judgeCollector } from './judge/collector.ts';
import { judgeDaemon } from './judge/daemon.ts';
import { judgeLimits } from './judge/limits.ts';
import { judgeNames } from './judge/names.ts';
import { judgeProxy } from './judge/proxy.ts';
import { judgeRights } from './judge/rights.ts';
import { judgeServers } from './judge/servers.ts';
import { judgeSettings } from './judge/settings-file.ts';
import { judgeState } from './judge/state-directory.ts';
import { judgeUpgrade } from './judge/upgrade.ts';

/** What the command line found before: the settings, or the defaults where they are wrong. */
export interface Loaded {
  /** The file that was named, if one was. */
  path: string | undefined;
  mistakes: readonly string[];
  config: Config;
}

/** The parts of the agent's installation, in the order in which they are told: what others rest on comes first. */
export function agentAreas(ports: DoctorPorts, loaded: Loaded, versions: { agent: string; node: string }): Area[] {
  const { config } = loaded;
  const { clock } = ports;
  const installation = observeInstallation(ports, loaded, versions.agent);
  const proxy = proxyEnvironment(ports, installation);
  // asked once, for all that judge by it
  const seen = once(() =>
    observeHost(ports, config, hostOf(config, versions.agent), { patienceMs: 3000, probe: false }),
  );
  const asked = once(async () => askDirectories(ports, config, (await seen()).lineages, proxy.environment));
  const collector = once(() => observeCollector(ports, proxy.environment));
  const rootObeys = ports.ownUid === 0 || installation.service !== undefined || installation.daemon?.uid === 0;
  return [
    { name: 'settings', diagnose: () => judgeSettings(observeSettings(ports, loaded, rootObeys)) },
    { name: 'rights', diagnose: () => judgeRights(observeRights(ports, installation), installation) },
    { name: 'state', diagnose: () => judgeState(observeState(ports, installation), installation) },
    {
      name: 'daemon',
      diagnose: () => [...judgeDaemon(installation, clock.now()), ...judgeUpgrade(observeUpgrade(ports), installation)],
    },
    { name: 'act', diagnose: () => judgeAct(observeAct(ports, installation), installation) },
    {
      name: 'clock',
      diagnose: async () => {
        const [cas, told] = await Promise.all([asked(), collector()]);
        return judgeClock(observeClock(ports), otherClocks(cas, told), cas.length + (told.answer ? 1 : 0));
      },
    },
    {
      name: 'dns',
      diagnose: async () => {
        const isProxied = Object.keys(proxy.environment).some((name) => /^https_proxy$/i.test(name));
        const { lineages } = await seen();
        return judgeNames(await observeNames(ports, wantedNames(lineages, await collector(), isProxied)));
      },
    },
    {
      name: 'proxy',
      diagnose: async () => {
        const [facts, { lineages }] = await Promise.all([observeProxy(ports, proxy), seen()]);
        return judgeProxy(
          facts,
          installation,
          lineages.map(({ name }) => name),
        );
      },
    },
    { name: 'collector', diagnose: async () => judgeCollector(await collector(), installation, clock.now()) },
    {
      name: 'certbot',
      diagnose: async () =>
        judgeCertbot(observeCertbot(ports, installation, await seen(), await asked()), installation),
    },
    {
      name: 'servers',
      diagnose: async () => judgeServers(await observeServers(ports, installation, await seen()), installation),
    },
    {
      name: 'limits',
      diagnose: () => judgeLimits(observeLimits(ports, installation, versions.node), unitOf(installation)),
    },
  ];
}

function unitOf({ daemon, service }: Installation): string | undefined {
  return daemon ? daemon.unit : service?.name;
}

function hostOf(config: Config, agentVersion: string) {
  return { name: config.hostName, agentVersion, platform: '' };
}

function otherClocks(asked: readonly AskedDirectory[], collector: CollectorFacts): OtherClock[] {
  const cas = asked.map(({ host, aheadMs }) => ({ whose: host, aheadMs }));
  return [...cas, { whose: 'the collector', aheadMs: collector.aheadMs }].flatMap(({ whose, aheadMs }) =>
    aheadMs === undefined ? [] : [{ whose, aheadMs }],
  );
}

function wantedNames(
  lineages: readonly { acmeDirectory?: string }[],
  { enrolment }: CollectorFacts,
  isProxied: boolean,
): WantedName[] {
  const authority = enrolment && 'authority' in enrolment ? enrolment.authority : undefined;
  const ofCollector =
    authority === undefined
      ? []
      : [{ name: authority.slice(0, authority.lastIndexOf(':')).replace(/^\[|\]$/g, ''), what: 'The collector' }];
  // through a proxy the CA's name is the proxy's to look up
  const addresses = isProxied ? [] : lineages.flatMap(({ acmeDirectory }) => acmeDirectory ?? []);
  const ofCas = addresses
    .filter((address) => URL.canParse(address))
    .map((address) => ({ name: new URL(address).hostname.replace(/^\[|\]$/g, ''), what: 'The CA' }));
  return [...ofCollector, ...ofCas];
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
