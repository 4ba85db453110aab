/** What a block of code in the docs is, when it holds no commands: by its first line. */
export const contents: readonly { begins: RegExp; what: string }[] = [
  { begins: /^\[{1,2}[\w.":-]+\]{1,2}$/, what: 'settings, a unit or an inventory' },
  { begins: /^[\w.]+ ?= ?\S/, what: 'settings or a unit' },
  { begins: /^\{/, what: 'JSON' },
  { begins: /^server \{$/, what: 'a block of nginx' },
  { begins: /^certherd-(?:session|rotation)-\d+$/, what: 'the lines that a signature is over' },
  { begins: /^agent {2,}collector$/, what: 'who says what to whom' },
  { begins: /^[A-Z]+ = \{/, what: 'JSON' },
  { begins: /^#cloud-config$|^# |^- |^[\w-]+:(?:\s|$)/, what: 'YAML, or a sentence about folders' },
  { begins: /^\d+ \d+ \* \* \* /, what: 'a crontab' },
  { begins: /^issued -> /, what: 'the six states' },
  { begins: /^IDCLSE /, what: 'what check prints' },
  { begins: /^[\w-]+(?:\.[\w-]+)+(?: \w+=\S+)*$/, what: 'names, one a line' },
];

/**
 * How each command line of the docs is treated; the first that fits counts. `run`: a test runs it here. `guest`: a test runs it in a guest with
 * its own systemd, with CERTHERD_FULL=1. `elsewhere`: not run here for this reason; where a test shows the same, it is named.
 */
export const kinds: readonly { line: RegExp; how: 'run' | 'guest' | 'elsewhere'; why?: string; shownBy?: string }[] = [
  { line: /^(?:npx )?certherd-(?:agent|collector) (?:check|explain|inspect|status|doctor)\b/, how: 'run' },
  {
    line: /^(?:npx )?certherd-(?:agent|collector) (?:serve|token create|host list|label (?:set|list|remove)|forecast|health|enroll|run|version)\b/,
    how: 'run',
  },
  {
    line: /^certherd-agent adopt \S+(?: --plan)?$/,
    how: 'elsewhere',
    why: 'needs a certificate that nobody renews',
    shownBy: 'test/integration/adopt.test.ts',
  },
  {
    line: /^certherd-agent renew \S+$/,
    how: 'elsewhere',
    why: 'renews',
    shownBy: 'test/integration/act.test.ts',
  },
  {
    line: /^certherd-agent rehearse$/,
    how: 'elsewhere',
    why: 'needs mode = "renew"',
    shownBy: 'test/integration/rehearse.test.ts',
  },
  {
    line: /^certherd-collector (?:import|export)\b/,
    how: 'elsewhere',
    why: 'needs a sheet',
    shownBy: 'test/collector/commands/import.test.ts',
  },
  {
    line: /^certherd-collector scan\b/,
    how: 'elsewhere',
    why: 'asks names of the internet',
    shownBy: 'test/collector/commands/scan.test.ts',
  },
  {
    line: /^certherd-collector target (?:add|list|remove)\b/,
    how: 'elsewhere',
    why: 'asks names of the internet',
    shownBy: 'test/collector/scan/founding-incident.test.ts',
  },
  {
    line: /^certherd-collector campaign (?:plan|start|show)\b/,
    how: 'elsewhere',
    why: 'needs agents that renew',
    shownBy: 'test/integration/campaign.test.ts',
  },
  {
    line: /^certherd-collector (?:user add|api-token create|audit)\b/,
    how: 'elsewhere',
    why: 'asks for a password, or tells what was changed',
    shownBy: 'test/collector/commands/accounts.test.ts',
  },
  {
    line: /^certherd-collector (?:incidents|ack|silences?|notify test)\b/,
    how: 'elsewhere',
    why: 'needs a channel, and something to tell',
    shownBy: 'test/collector/notify/telling.test.ts',
  },
  { line: /^install -o certherd-collector /, how: 'elsewhere', why: 'takes a secret from a person' },
  { line: /^promtool check rules deploy\//, how: 'run' },
  { line: /^curl -f?sS? http:\/\/127\.0\.0\.1:8480\//, how: 'run' },
  {
    line: /^systemctl (?:status|enable --now|disable --now|restart|stop|start|daemon-reload)\b[^|;&]*$/,
    how: 'guest',
  },
  { line: /^journalctl -u \S+(?: -n \d+)?$/, how: 'guest' },
  { line: /^certherd-collector (?:backup|restore) \/var\/backups\/certherd\.db$/, how: 'guest' },
  {
    line: /^(?:createuser|createdb) certherd /,
    how: 'elsewhere',
    why: 'an administrator of PostgreSQL types it',
    shownBy: 'test/collector/commands/postgres.test.ts',
  },
  {
    line: /^certherd-collector move --to /,
    how: 'elsewhere',
    why: 'needs a PostgreSQL of its own',
    shownBy: 'test/collector/commands/move.test.ts',
  },
  {
    line: /^(?:pg_dump|pg_restore) /,
    how: 'elsewhere',
    why: 'needs a PostgreSQL of its own',
    shownBy: 'test/collector/store/postgres.test.ts',
  },
  { line: /^systemctl edit /, how: 'elsewhere', why: 'opens an editor', shownBy: 'test/integration/guest.test.ts' },
  {
    line: /^(?:cp -r \. |cp deploy\/systemd\/|ln -s |systemd-sysusers$|cp certherd-agent\.service |cd deploy\/systemd$)/,
    how: 'elsewhere',
    why: 'puts a clone into a system',
    shownBy: 'test/integration/guest.test.ts',
  },
  {
    line: /^dpkg --(?:install|purge) \S+$/,
    how: 'elsewhere',
    why: 'needs packages, which take minutes to build',
    shownBy: 'test/package/debian-package.test.ts',
  },
  {
    line: /^(?:apt|dnf) install \.\/\S+$/,
    how: 'elsewhere',
    why: 'needs packages, which take minutes to build',
    shownBy: 'test/package/debian-package.test.ts',
  },
  {
    line: /^(?:\.\/)?certherd-agent (?:install|uninstall|upgrade)\b[^|;&]*$|^\/usr\/bin\/certherd-agent\.kept upgrade$/,
    how: 'elsewhere',
    why: 'changes the system, or needs the single binary',
    shownBy: 'test/integration/install.test.ts',
  },
  {
    line: /^npm run package(?: -- --arch x64 --format deb --quick)?$/,
    how: 'elsewhere',
    why: 'takes minutes',
    shownBy: 'test/package/reproducible.test.ts',
  },
  {
    line: /^(?:cd deploy\/ansible$|ansible-playbook -i inventory (?:install-agents|take-over-from-cron)\.yml )/,
    how: 'elsewhere',
    why: 'needs hosts that are reached by SSH',
    shownBy: 'test/deploy/ansible.test.ts',
  },
  {
    line: /^cd deploy\/container$|^docker (?:build|run|exec|logs|compose) |^openssl rand -hex 24 \| install --mode=0400 --owner=10001 /,
    how: 'elsewhere',
    why: 'needs a container engine',
    shownBy: 'test/deploy/container.test.ts',
  },
  {
    line: /^kubectl (?:apply|rollout|exec|port-forward) /,
    how: 'elsewhere',
    why: 'needs a cluster',
    shownBy: 'test/deploy/kubernetes.test.ts',
  },
  { line: /^(?:ssh|scp) /, how: 'elsewhere', why: 'needs another machine' },
  { line: /^openssl s_client -connect /, how: 'elsewhere', why: 'needs a name of the reader’s' },
  {
    line: /^npm run load -- --joins joins --seconds 60$/,
    how: 'elsewhere',
    why: 'takes a minute, with a thousand tokens',
    shownBy: 'test/scripts/load.test.ts',
  },
  {
    line: /^npm run soak -- --minutes 3 --seed ci$/,
    how: 'elsewhere',
    why: 'CI runs it after the tests',
    shownBy: 'test/scripts/soak-checks.test.ts',
  },
  {
    line: /^npm run replay(?: -- --only \S+)?$/,
    how: 'elsewhere',
    why: 'takes minutes',
    shownBy: 'test/scripts/replay.test.ts',
  },
  {
    line: /^\.\/scripts\/(?:demo|test)$/,
    how: 'elsewhere',
    why: 'CI runs it',
    shownBy: 'test/scripts/launchers.test.ts',
  },
  {
    line: /^\.\/scripts\/demo --estate case-study$/,
    how: 'elsewhere',
    why: 'stays up until Ctrl-C',
    shownBy: 'test/scripts/case-study.test.ts',
  },
  {
    line: /^(?:scripts\/setup package|git clone … certherd && cd certherd|npm run check|npx ava test\/agent)$/,
    how: 'elsewhere',
    why: 'CI does it in its own words',
  },
];
