import { isIP } from 'node:net';
import type { Deployment, Listener } from '@certherd/protocol/snapshot';
import { type NameChoice, nameChoice } from '../../formats/name-choice.ts';
import { matchesName } from '../../formats/name-match.ts';
import { type NamePattern, parseNamePattern } from '../../formats/name-pattern.ts';
import { nameSamples } from '../../formats/name-samples.ts';
import { blockOf } from './block.ts';
import type { NotAskedReason } from './not-asked.ts';

/** A name that a client may send, "" for a handshake without one; or why there is none. */
export type AskedName = { ok: true; name: string } | { ok: false; reason: NotAskedReason };

/** Finds the name that one block's server name is asked by at one listener. */
export type AskedNames = (deployment: Deployment, serverName: string, listener: Listener) => AskedName;

/** The part of a name that stands for any text; a log shows it. */
const probe = 'certherd-probe';
/** Below reserved names (RFC 2606): nobody's. */
const endings = ['test', 'example', 'invalid'];

/** Server names of all deployments at the same listener decide together which block a name belongs to. */
export function askedNames(deployments: readonly Deployment[]): AskedNames {
  const atListener = new Map<string, Deployment[]>();
  for (const deployment of deployments) {
    for (const listener of deployment.listeners) {
      const key = keyOf(deployment, listener);
      const known = atListener.get(key);
      if (known) known.push(deployment);
      else atListener.set(key, [deployment]);
    }
  }
  const choices = new Map<string, NameChoice>();
  const choiceAt = (key: string) => {
    const known = choices.get(key);
    if (known) return known;
    const all = atListener.get(key) ?? [];
    const made = all[0]?.server === 'nginx' ? nameChoice(all.map(named)) : firstChoice(all);
    choices.set(key, made);
    return made;
  };
  return (deployment, serverName, listener) => {
    const isNginx = deployment.server === 'nginx';
    if (isCatchAll(serverName) || isIP(serverName) !== 0)
      return listener.defaultServer ? { ok: true, name: '' } : { ok: false, reason: 'not-the-default' };
    if (isNginx && serverName.startsWith('~'))
      return matching(serverName.slice(1), blockOf(deployment), choiceAt(keyOf(deployment, listener)));
    if (serverName.includes('$')) return { ok: false, reason: 'variable' };
    if (!/^\.|[*?]/.test(serverName)) return { ok: true, name: serverName };
    const choice = choiceAt(keyOf(deployment, listener));
    const name = candidates(serverName).find((candidate) => choice(candidate) === blockOf(deployment));
    return name === undefined ? { ok: false, reason: 'claimed-elsewhere' } : { ok: true, name };
  };
}

function isCatchAll(serverName: string): boolean {
  return serverName === '' || serverName === '_' || serverName === '*';
}

function keyOf({ server }: Deployment, { address, port }: Listener): string {
  return `${server} ${address} ${port}`;
}

function named(deployment: Deployment) {
  return { block: blockOf(deployment), names: deployment.serverNames };
}

/** A name that the expression matches, and that nginx gives to this very block. */
function matching(expression: string, block: string, choice: NameChoice): AskedName {
  const pattern = parseNamePattern(expression);
  if (!pattern) return { ok: false, reason: 'expression-not-read' };
  let reason: NotAskedReason = 'no-name-found';
  for (const name of nameSamples(pattern)) {
    if (matchesName(pattern, name) !== true) continue;
    const chosen = choice(name);
    if (chosen === block) return { ok: true, name };
    reason = chosen === 'unknown' ? 'expression-not-read' : 'claimed-elsewhere';
    if (chosen === 'unknown') break;
  }
  return { ok: false, reason };
}

/** Names under a wildcard, the plainest first. ".a.b" of nginx names "a.b" too; "?" of httpd is one character. */
function candidates(serverName: string): string[] {
  if (serverName.startsWith('.')) return [serverName.slice(1), ...candidates(`*${serverName}`)];
  const labels = [probe, `${probe}-2`, `${probe}-3`];
  if (/^\*\.[^*?]+$/.test(serverName)) return labels.map((label) => label + serverName.slice(1));
  if (/^[^*?]+\.\*$/.test(serverName))
    return [...endings.map((ending) => `${probe}.${ending}`), ...endings].map((rest) => serverName.slice(0, -1) + rest);
  return [probe, 'x', 'y'].map((text) => serverName.replaceAll('*', text).replaceAll('?', text.at(-1) ?? 'x'));
}

/** httpd asks its hosts in order; HAProxy looks for the exact name before any wildcard. Blocks that name it exactly come first for both. */
function firstChoice(deployments: readonly Deployment[]): NameChoice {
  const exact = new Map<string, string>();
  const globs: { block: string; glob: NamePattern | undefined }[] = [];
  for (const deployment of deployments) {
    for (const name of deployment.serverNames) {
      const lower = name.toLowerCase();
      if (/[*?]/.test(lower)) globs.push({ block: blockOf(deployment), glob: globOf(lower) });
      else if (!exact.has(lower)) exact.set(lower, blockOf(deployment));
    }
  }
  return (name) =>
    exact.get(name.toLowerCase()) ?? globs.find(({ glob }) => glob && matchesName(glob, name))?.block ?? 'none';
}

function globOf(name: string): NamePattern | undefined {
  const expression = name
    .replaceAll(/[^\w*?]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return parseNamePattern(`^${expression}$`);
}
