import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { counted } from '@certherd/command-line/words';
import { typed } from '../../decide/command-line.ts';
import type { Installation } from '../gather/installation.ts';
import type { ServerFacts } from '../gather/servers.ts';
import { asRoot } from './words.ts';

const why = {
  binary: 'A new certificate cannot be tested and loaded by the agent.',
  config: 'At its next start the server would not come up, and a reload changes nothing.',
};

/** Is each server's program there, and would it take its config? */
export function judgeServers(servers: readonly ServerFacts[], installation: Installation): Diagnosis[] {
  const present = servers.filter(({ failure, configFile }) => !isAbsent(failure, configFile));
  if (present.length === 0) {
    const { listeners, nginx } = installation.config;
    const listed =
      listeners.length > 0 ? `${counted(listeners.length, 'listener')} of agent.toml asked` : 'nothing is asked here';
    return [ok('servers', `no config of nginx (${nginx.config}), Apache or HAProxy is here: ${listed}`)];
  }
  return present.flatMap((one) => ofServer(one, installation));
}

function isAbsent(failure: ServerFacts['failure'], configFile: string): boolean {
  return failure?.reason === 'not-found' && (failure.file ?? configFile) === configFile;
}

function ofServer(one: ServerFacts, { own, named }: Installation): Diagnosis[] {
  const { server, configFile, configFiles, deployments, failure, binary, test, runs } = one;
  const told: Diagnosis[] = [];
  if (one.binaryMissing) {
    const setting = `binary = "/path/to/${server}" under [${server}] in agent.toml`;
    told.push(
      wrong(
        `${server}-program`,
        `${server}'s program is not at ${binary}, and its config is at ${configFile}`,
        why.binary,
        `If ${server} is elsewhere, name it: ${setting}; if it is gone, remove ${configFile}`,
      ),
    );
  }
  const isHidden = failure?.reason === 'permission-denied' && own.uid !== 0;
  if (isHidden) told.push(notTold(`${server}-config`, `${failure.detail}, by ${own.userName}`, { fix: asRoot(named) }));
  else if (failure) told.push(broken(one, failure));
  else
    told.push(
      ok(
        `${server}-config`,
        `${configFile} is understood: ${counted(configFiles, 'file')}, ${counted(deployments, 'certificate')} in use`,
      ),
    );
  if (server !== 'nginx' || one.binaryMissing) return told;
  if (!test) {
    const fix = typed([binary, '-t']);
    return [
      ...told,
      notTold('nginx-test', 'nginx -t is for root alone: it opens logs and the pid file as a start does', {
        fix: `sudo ${fix}`,
      }),
    ];
  }
  const command = typed(test.argv);
  if ('failure' in test) return [...told, notTold('nginx-test', `${command} could not be run: ${test.failure.detail}`)];
  if (!test.passed)
    return [
      ...told,
      wrong('nginx-test', `nginx refuses its config: ${test.said}`, why.config, `Correct that; then: ${command}`),
    ];
  const state = runs === false ? ', and no nginx runs' : '';
  return [...told, ok('nginx-test', `nginx itself takes it (nginx -t, run as root)${state}`)];
}

function broken({ server, configFile, test }: ServerFacts, failure: NonNullable<ServerFacts['failure']>): Diagnosis {
  const place =
    failure.file === undefined ? configFile : `${failure.file}${failure.line === undefined ? '' : `:${failure.line}`}`;
  const isTaken = test !== undefined && 'passed' in test && test.passed;
  return isTaken
    ? wrong(
        `${server}-config`,
        `certherd-agent does not understand ${place}, and ${server} does: ${failure.detail}`,
        'What that part of the config serves is not looked at.',
        'That is a defect of certherd-agent: report it with these lines of the config.',
      )
    : wrong(
        `${server}-config`,
        `${server}'s config is broken: ${failure.detail} (${place})`,
        why.config,
        `Correct ${place}`,
      );
}
