import { type Diagnosis, ok, wrong } from '@certherd/command-line/diagnosis';
import { modeOf, type Config } from '../../config.ts';
import type { Installation } from '../gather/installation.ts';
import type { ProxyFacts } from '../gather/proxy.ts';
import { dropIn } from './words.ts';

/** Is there a proxy, is it reached, and who of the agent's uses it? */
export function judgeProxy(
  facts: ProxyFacts,
  { config, daemon }: Installation,
  lineages: readonly string[],
): Diagnosis[] {
  const { variable, address, reached, except, whose } = facts;
  const of = whose === 'daemon' ? "the daemon's environment" : 'the environment of this command';
  if (variable === undefined) return [ok('proxy', `${of} names none: CAs are asked directly`)];
  const mend = mending(variable, whose === 'daemon' ? daemon?.unit : undefined);
  const why =
    'The CA is not asked when it wants certificates renewed, so that one that it revokes early is not renewed early.';
  if (!address) return [wrong('proxy', `${variable} in ${of} holds no address of a proxy`, why, mend)];
  const place = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  if (reached && !reached.ok)
    return [wrong('proxy', `${variable} names ${place}, which is not reached: ${reached.failure.detail}`, why, mend)];
  const left = except === undefined ? '' : `, but for NO_PROXY=${except}`;
  return [
    ok(
      'proxy',
      `CAs are asked through ${place} (${variable})${left}; the collector and this host's endpoints directly`,
    ),
    ...unused(config, lineages, place),
  ];
}

/** act gives certbot a clean environment: what stands in anybody's, it does not see. */
function unused(config: Config, lineages: readonly string[], place: string): Diagnosis[] {
  const renewed = lineages.filter((name) => modeOf(config, name) === 'renew');
  if (renewed.length === 0) return [];
  return [
    wrong(
      'proxy-certbot',
      `certbot, as the agent runs it, does not use ${place}: it is given a clean environment`,
      'Where the CA is reached through the proxy alone, every renewal of the agent fails.',
      `Have certbot's own timer renew: mode = "deploy" in agent.toml; then: ${dropIn('certbot.service', [`Environment=HTTPS_PROXY=http://${place}`], '')}`,
    ),
  ];
}

function mending(variable: string, unit: string | undefined): string {
  return unit === undefined
    ? `Correct ${variable}, or: unset ${variable}`
    : dropIn(unit, [`Environment=${variable}=http://PROXY:PORT`]);
}
