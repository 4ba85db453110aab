import type { Config } from '../config.ts';
import { serversUsing } from '../decide/reload.ts';
import { observeKeptVersions } from '../observe/kept-versions.ts';
import { observeFiles } from '../observe/observe.ts';
import type { ActPorts, Ended } from './act.ts';
import { intoService, linkBack } from './put-back.ts';
import type { Steps } from './steps.ts';

/**
 * Links the good version before the linked one back, has every server that uses the lineage load it and proves that. Links that
 * lead to two versions (a swap that was cut off) are led to the older one.
 */
export async function restoreLineage(name: string, config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  const observations = await observeFiles(ports, config);
  const lineage = observations.lineages.find((one) => one.name === name);
  if (!lineage) return { reason: 'not-found', detail: `${config.certbot.configDirectory} holds no lineage ${name}` };
  const kept = observeKeptVersions(ports.files, config.certbot.configDirectory, lineage);
  const servers = serversUsing(observations.deployments, name);
  const linked = await linkBack([{ kept }], { observations }, ports, steps);
  if (!linked.ok) return { reason: 'restore-failed', detail: `${name} was left as it is: ${linked.failure}` };
  const failed = await intoService({ servers, config }, { lineages: new Set([name]) }, ports, steps);
  if (failed)
    return {
      reason: 'restore-failed',
      detail: `${name}: ${linked.value} linked back, and not in service: ${failed.detail}`,
    };
  const proved = servers.length > 0 ? `loaded by ${servers.join(', ')} and proved` : 'no server on this host uses it';
  return { reason: 'done', detail: `${name}: ${linked.value} linked back, ${proved}` };
}
