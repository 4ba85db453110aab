/** The account that the agent runs as, and its group. */
export const account = 'certherd-agent';

/** Where the program is, on every host: a package's place, so that a package may take over what `install` made. */
export const program = '/usr/bin/certherd-agent';

/** The program before the last upgrade that was proved: `certherd-agent upgrade` takes it as well as any other. */
export const previousProgram = `${program}.previous`;

/** The program before an upgrade that is not proved yet. While it stands, the upgrade is under way or was interrupted. */
export const keptProgram = `${program}.kept`;

/** The new one, while it is looked at. */
export const candidateProgram = `${program}.candidate`;

export const agentUnit = 'certherd-agent.service';
export const actSocket = 'certherd-act.socket';
export const actUnits = 'certherd-act@*.service';

/** Files that come with the program: from their path in the repository to their place. */
export const shippedFiles: readonly { from: string; to: string; what: string }[] = [
  {
    from: 'deploy/systemd/certherd-agent.sysusers.conf',
    to: '/usr/lib/sysusers.d/certherd-agent.conf',
    what: 'the account',
  },
  {
    from: 'deploy/systemd/certherd-agent.service',
    to: `/usr/lib/systemd/system/${agentUnit}`,
    what: "the agent's unit",
  },
  {
    from: 'deploy/systemd/certherd-act.socket',
    to: `/usr/lib/systemd/system/${actSocket}`,
    what: "the socket of act's unit",
  },
  {
    from: 'deploy/systemd/certherd-act@.service',
    to: '/usr/lib/systemd/system/certherd-act@.service',
    what: "act's unit",
  },
  {
    from: 'deploy/systemd/certherd-agent.preset',
    to: '/usr/lib/systemd/system-preset/80-certherd-agent.preset',
    what: 'what a system that presets its units starts',
  },
  { from: 'deploy/man/certherd-agent.1', to: '/usr/share/man/man1/certherd-agent.1', what: 'the manual page' },
  {
    from: 'deploy/systemd/certherd-restart-steps.conf',
    to: '/usr/share/doc/certherd-agent/examples/certherd-restart-steps.conf',
    what: 'an example, for systemd 254 and later',
  },
];

/** Directories of ours alone below `documents`, the upper one first. */
export const documents = '/usr/share/doc';
export const ownDocuments = [`${documents}/certherd-agent`, `${documents}/certherd-agent/examples`];

export const unitDirectory = '/usr/lib/systemd/system';

/** A unit of the same name here stands before ours (systemd.unit(5)). */
export const strongerUnitDirectories = ['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system'];

export const policyDirectory = '/etc/certherd';
export const policyFile = `${policyDirectory}/agent.toml`;
export const policySource = 'deploy/config/agent.toml';

/** Key, enrolment, outbox: the agent's own (0700). */
export const stateDirectory = '/var/lib/certherd-agent';

/** What act keeps: root's (0700). */
export const actDirectory = '/var/lib/certherd-act';

/** Where act's socket is. */
export const runtimeDirectory = '/run/certherd-agent';

/** Directories that are removed only once they are empty: others may have put something into them. */
export const sharedDirectories = [policyDirectory, runtimeDirectory, ...ownDocuments];
