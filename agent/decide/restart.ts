import type { Finding } from '@certherd/protocol/finding';
import type { Deployment } from '@certherd/protocol/snapshot';
import { type Cause, causeOf, refusedReload } from './causes.ts';
import { type Facts, type Policy, instant } from './facts.ts';
import { listenerCause } from './listener-cause.ts';
import { typed } from './command-line.ts';
import { blocksReload, deploymentDigest, reloadableServers } from './reload.ts';
import { serverTest } from './server-commands.ts';
import { bringIntoService, loadedAt, ownMaster } from './running.ts';

/** An address and port that the config names and its nginx does not hold: one finding for each, whatever the number of names. */
export const unboundListener: Policy = (facts) => {
  const causes = facts.observations.endpoints.flatMap((endpoint) => listenerCause(endpoint, facts) ?? []);
  const distinct = new Map(causes.map((cause) => [cause.subject.id, cause]));
  return [...distinct.values()].map((cause) => told(cause, 'critical'));
};

/** nginx refused a reload and went on with the old config, where no finding about the files or listeners says why. */
export const failedReload: Policy = (facts, earlier) => {
  if (earlier.some((finding) => blocksReload(facts.observations)(finding) || finding.code === 'listener-unbound'))
    return [];
  const cause = refusedReload(facts);
  if (!cause) return [];
  const held = facts.observations.endpoints.filter((endpoint) => causeOf(endpoint, facts)?.kind === 'reload-failed');
  if (held.length === 0) return [told(cause, 'warning')];
  const names = held.map(({ id }) => id).join(' ');
  return [told({ ...cause, evidence: { ...cause.evidence, endpoints: names.slice(0, 4000) } }, 'critical')];
};

/** Another server block answers than the one that is meant to; or one that never can, since an earlier one has its name and listener. */
export const wrongServer: Policy = (facts) => {
  const answered = facts.observations.endpoints.flatMap((endpoint) => {
    const cause = causeOf(endpoint, facts);
    return cause?.kind === 'wrong-server' ? [told(cause, cause.partial ? 'warning' : 'critical')] : [];
  });
  return [...answered, ...neverAnswering(facts)];
};

/** The same for a server whose own test refused the present state, of which nothing else is known. */
export const refusedTest: Policy = (facts) =>
  reloadableServers.flatMap((program) => {
    const { observations, attempts, config } = facts;
    if (program === 'nginx') return [];
    const subject = deploymentDigest(observations, program);
    const last = attempts.findLast((attempt) => attempt.verb === 'reload' && attempt.subject === subject);
    if (last?.reason !== 'config-test-failed') return [];
    return [
      {
        code: 'restart-would-fail' as const,
        severity: 'critical' as const,
        subject: { kind: 'server' as const, id: program },
        since: instant(last.at),
        cause: `${program} runs on what it loaded earlier and would not start again: its own test refuses what is there now: ${last.detail}`,
        evidence: { 'own test': last.detail, 'tested at': instant(last.at) },
        remedy: typed(serverTest(program, config)),
      },
    ];
  });

/** The time bomb: what serves was loaded earlier, and the config as it is now is one that nginx would not start with. */
export const failingRestart: Policy = (facts, earlier) => {
  const { observations, config } = facts;
  const serving = observations.endpoints.filter(({ served }) => served);
  const running = ownMaster(facts);
  if (serving.length === 0 && !running) return [];
  const stands = refusedReload(facts)?.stands ?? false;
  const [first, ...more] = earlier.filter(
    (finding) =>
      (blocksReload(observations)(finding) && isDeployed(finding, facts)) ||
      isHeldPort(finding) ||
      (finding.code === 'reload-failed' && stands),
  );
  if (!first) return [];
  const loaded = loadedAt(facts);
  return [
    {
      code: 'restart-would-fail',
      severity: 'critical',
      subject: { kind: 'server', id: 'nginx' },
      since: first.since,
      cause:
        `nginx serves ${serving.length} endpoint${serving.length === 1 ? '' : 's'} from what it loaded earlier and would not start again with ${config.nginx.config} as it is: at the next restart all of them go down, because ${first.cause}`.slice(
          0,
          4000,
        ),
      evidence: {
        ...(loaded !== undefined && { 'loaded at': instant(loaded) }),
        reason: `${first.code} ${first.subject.id}`.slice(0, 4000),
        ...(more.length > 0 && { 'further reasons': String(more.length) }),
      },
      remedy: first.remedy,
    },
  ];
};

function told({ code, subject, since, sentence, evidence, remedy }: Cause, severity: Finding['severity']): Finding {
  return { code, severity, subject, since, cause: sentence.slice(0, 4000), evidence, remedy: remedy.slice(0, 8000) };
}

/** A lineage that no server block names cannot keep nginx from starting, nor can a key of another kind, which nginx does not notice. */
function isDeployed({ code, subject }: Finding, { observations }: Facts): boolean {
  return (
    code !== 'key-mismatch' ||
    observations.deployments.some(
      ({ id, keyMatches, lineage, certificatePath }) =>
        keyMatches === false &&
        !observations.foreignKeys?.includes(id) &&
        (subject.kind === 'lineage' ? lineage : certificatePath) === subject.id,
    )
  );
}

function isHeldPort({ code, evidence }: Finding): boolean {
  return code === 'listener-unbound' && evidence['held by'] !== 'nobody' && evidence['held by'] !== undefined;
}

/** nginx says only "conflicting server name … ignored", and goes on with the first. */
function neverAnswering(facts: Facts): Finding[] {
  const first = new Map<string, Deployment>();
  const ignored = new Map<string, { deployment: Deployment; by: Deployment; name: string; place: string }>();
  for (const deployment of facts.observations.deployments.filter(({ server }) => server === 'nginx')) {
    for (const { address, port } of deployment.listeners) {
      for (const name of deployment.serverNames.filter((one) => one !== '' && one !== '_')) {
        const key = `${name.toLowerCase()}@${address} ${port}`;
        const by = first.get(key);
        if (!by) first.set(key, deployment);
        else if (blockOf(by) !== blockOf(deployment) && !ignored.has(blockOf(deployment))) {
          ignored.set(blockOf(deployment), { deployment, by, name, place: `${address}:${port}` });
        }
      }
    }
  }
  return [...ignored.values()].flatMap(({ deployment, by, name, place }) => {
    const certificatesOf = (block: string) =>
      facts.observations.deployments.filter((one) => blockOf(one) === block).map(({ configured }) => configured);
    const served = certificatesOf(blockOf(by));
    const own = certificatesOf(blockOf(deployment));
    if (own.some((one) => one === undefined) || own.every((one) => served.includes(one))) return [];
    return [
      {
        code: 'wrong-server' as const,
        severity: 'warning' as const,
        subject: { kind: 'deployment' as const, id: deployment.id },
        since: instant(loadedAt(facts) ?? facts.observations.at),
        cause: `${blockOf(deployment)} never answers for ${name} at ${place}: ${blockOf(by)} has the same name there and comes first, with another certificate`,
        evidence: {
          'never answers': blockOf(deployment),
          answers: blockOf(by),
          configured: own.join(' ').slice(0, 4000),
          served: served.join(' ').slice(0, 4000),
        },
        remedy: `Take ${name} out of the server at ${blockOf(by)}, then: ${bringIntoService(facts)}`,
      },
    ];
  });
}

function blockOf({ configFile, line }: Deployment): string {
  return `${configFile}:${line}`;
}
