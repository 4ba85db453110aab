import test from 'ava';
import { startGuestHost } from '../helpers/guest-host.ts';
import { packagedFiles } from '../helpers/packaged-files.ts';
import { guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { until } from '../helpers/testbed/until.ts';

// What a person with one VM does, with the packages that he would get, and no Node anywhere. Slow: ./scripts/test --full.

const impossible = process.env['CERTHERD_FULL'] === '1' ? guestsAreImpossible() : './scripts/test --full runs it';
const inGuest = impossible === undefined ? test : test.skip;
const patience = { deadlineMs: 120_000, everyMs: 200 };

inGuest(
  `from two .debs to a healed incident, over a reboot, and back to nothing${impossible ? ` (${impossible})` : ''}`,
  async (t) => {
    t.timeout(900_000);
    const [agent, collector] = [await packagedFiles(), await packagedFiles({ app: 'collector' })];
    const bindings = { [agent.deb]: '/opt/agent.deb', [collector.deb]: '/opt/collector.deb' };
    const host = await startGuestHost(t, 'journey', { agent: 'none', bindings });
    const { guest } = host;
    const told = async (what: string, unit: string) => (await guest.run('systemctl', [what, unit])).stdout.trim();
    const status = async () => JSON.parse((await host.agent('status', '--json')).stdout);
    const hosts = async () =>
      JSON.parse(await guest.must('certherd-collector', 'host', 'list', '--json')).items as unknown[];
    t.not((await guest.run('/bin/sh', ['-c', 'command -v node'])).exit, 0);

    await guest.must('dpkg', '--install', '/opt/collector.deb', '/opt/agent.deb');
    host.setMode('deploy');
    await guest.must('systemctl', 'enable', '--now', 'certherd-act.socket');
    await guest.must('systemctl', 'restart', 'certherd-agent.service');
    const word = await guest.must('certherd-collector', 'token', 'create', '--url', '127.0.0.1:8443');
    await until('it is let in', async () => (await host.agent('enroll', word.trim())).exit === 0, patience);
    const isConnected = async () => (await status()).collector.state === 'connected';
    await until('it is connected', isConnected, patience);

    const before = host.issued();
    await host.renewByCertbot();
    t.not(host.issued(), before);
    await until('the new certificate is served', async () => (await host.served()) === host.issued(), patience);
    t.regex(await guest.journal('certherd-act@*'), /asked for \{"verb":"reload","server":"nginx"\}/);
    const { pid } = await status();
    t.regex(guest.read(`/proc/${pid}/status`), /^Uid:\t([1-9]\d*)\t\1\t\1\t\1$/m);
    await until('its finding has ended', async () => (await status()).findings.critical === 0, patience);

    for (const program of ['certherd-agent', 'certherd-collector']) {
      const { checks } = JSON.parse((await guest.run(program, ['doctor', '--json'])).stdout);
      const wrong = (checks as { verdict: string }[]).filter(({ verdict }) => verdict === 'wrong');
      t.deepEqual(wrong, [], `${program} doctor`);
    }

    await guest.reboot();
    await until('it is connected after the boot', isConnected, patience);
    t.is(await told('is-active', 'certherd-act.socket'), 'active');
    t.is((await status()).mode, 'deploy');
    await until('it has looked', async () => (await status()).lookedAt !== undefined, patience);
    t.is((await status()).findings.critical, 0);
    t.is(await host.served(), host.issued());
    t.is((await hosts()).length, 1, 'it is the same host to the collector');

    await guest.must('dpkg', '--purge', 'certherd-agent', 'certherd-collector');
    const left = await guest.must('find', '/etc', '/usr', '/var/lib', '/run', '-xdev', '-name', '*certherd*');
    // What systemd and dpkg keep for themselves.
    t.deepEqual(
      left.split('\n').filter((path) => path !== '' && !/^\/(?:var\/lib\/(?:dpkg|systemd)|run\/systemd)\//.test(path)),
      [],
    );
    t.notRegex(guest.read('/etc/passwd'), /certherd/);
    t.is(await host.served(), host.issued());
  },
);
