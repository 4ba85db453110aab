import { certbotEnvironment, certbotRenewal, typed } from './command-line.ts';
import type { Facts } from './facts.ts';
import { bringIntoService } from './running.ts';
import { listedReload, serverReload } from './server-commands.ts';

/**
 * The command line that renews a lineage and has every server that names it load what certbot wrote: certbot itself
 * reloads only what its installer or a hook tells it to. `more` are further options for certbot.
 */
export function renewAndLoad(facts: Facts, lineage: string, more: string[] = []): string {
  const { config } = facts;
  const renewal = typed([...certbotRenewal(config, lineage), ...more], certbotEnvironment(config));
  return [renewal, ...loadingCommands(facts, lineage)].join(' && ');
}

/** One command for each server that names the lineage, as far as there is one. */
export function loadingCommands(facts: Facts, lineage: string): string[] {
  const using = facts.observations.deployments.filter((deployment) => deployment.lineage === lineage);
  const programs = [...new Set(using.map(({ server }) => server))].filter((server) => server !== 'other');
  const listed = using.filter(({ server }) => server === 'other').map((one) => listedReload(one, facts.config));
  return [
    ...programs.map((server) =>
      server === 'nginx' ? bringIntoService(facts) : typed(serverReload(server, facts.config)),
    ),
    ...new Set(listed.filter((command) => command !== undefined)),
  ];
}
