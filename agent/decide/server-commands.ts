import type { Deployment, ServerProgram } from '@certherd/protocol/snapshot';
import type { Config, ConfiguredListener } from '../config.ts';
import { addressAndPort } from '../observe/endpoints/place.ts';
import { nginxReload, nginxStart, nginxTest, typed } from './command-line.ts';

/** How a person brings a deployment's certificate into service: a command line, or a sentence for a listed server without one. */
export function reloadText(deployment: Deployment | undefined, server: ServerProgram, config: Config): string {
  if (server !== 'other') return typed(serverReload(server, config));
  return listedReload(deployment, config) ?? `Have ${callOf(deployment, server)} load its certificate.`;
}

/** The same after a command: both as one line, or the sentence behind it. */
export function andReload(command: string, deployment: Deployment, config: Config): string {
  const sentence = deployment.server === 'other' && listedReload(deployment, config) === undefined;
  return `${command}${sentence ? ', then: ' : ' && '}${reloadText(deployment, deployment.server, config)}`;
}

/** The command that agent.toml names for a listed server. It is printed and never run. */
export function listedReload(deployment: Deployment | undefined, config: Config): string | undefined {
  const atPlace = ({ address, port }: ConfiguredListener) =>
    deployment?.listeners.some((one) => one.address === address && one.port === port) ?? false;
  const tables = config.listeners.filter((table) => table.reload !== undefined && atPlace(table));
  return (tables.find(({ certificate }) => certificate === deployment?.certificatePath) ?? tables[0])?.reload;
}

/** How a sentence calls a server: by its program's name, or, where nobody knows that, by where it listens. */
export function callOf(deployment: Deployment | undefined, server: ServerProgram): string {
  if (server !== 'other') return server;
  const [listener] = deployment?.listeners ?? [];
  return listener ? `the server at ${addressAndPort(listener)}` : 'the server';
}

/** How a person has the files of a deployment judged before they are loaded. */
export function testText(deployment: Deployment, config: Config): string {
  const { server } = deployment;
  return server === 'other' ? reloadText(deployment, server, config) : typed(serverTest(server, config));
}

/** One test for each server program among these deployments whose config the agent reads. */
export function testCommands(deployments: readonly Deployment[], config: Config): string[] {
  const programs = [...new Set(deployments.map(({ server }) => server))].filter((server) => server !== 'other');
  return programs.map((server) => typed(serverTest(server, config)));
}

export function startText(deployment: Deployment | undefined, server: ServerProgram, config: Config): string {
  if (server !== 'other') return typed(serverStart(server, config));
  const table = deployment ? `${deployment.configFile}:${deployment.line}` : 'agent.toml';
  return `Start ${callOf(deployment, server)}, or take its table out of ${table}.`;
}

/** How a person makes this server program load its files anew. */
export function serverReload(server: ServerProgram, config: Config): string[] {
  return server === 'nginx' ? nginxReload(config) : ['systemctl', 'reload', unitOf(server, config)];
}

/** How a person has this server program judge its config before it loads it. */
export function serverTest(server: ServerProgram, config: Config): string[] {
  if (server === 'nginx') return nginxTest(config);
  if (server === 'apache') return ['apachectl', '-t'];
  return ['haproxy', '-c', '-f', config.haproxy.config ?? '/etc/haproxy/haproxy.cfg'];
}

function serverStart(server: ServerProgram, config: Config): string[] {
  return server === 'nginx' ? nginxStart(config) : ['systemctl', 'start', unitOf(server, config)];
}

/** Debian's name of the unit, and Red Hat's where the config is Red Hat's. */
function unitOf(server: ServerProgram, config: Config): string {
  if (server !== 'apache') return server;
  return config.apache.config?.includes('httpd') ? 'httpd' : 'apache2';
}
