import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'ava';
import { runAgent } from '../helpers/host.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

/** Runs its arguments on a terminal of their own, without a shell, and gives what they wrote there. */
const onTerminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

test('a check that takes long tells on a terminal how far it is, erases that, and says nothing of it in a pipe', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  // It accepts, and never answers.
  const mute = net.createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  t.teardown(() => mute.close());
  const address = mute.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const pair = ['-keyout', 'site.key', '-out', 'site.pem'].map((word) =>
    word.startsWith('-') ? word : path.join(sandbox.directory, word),
  );
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const made = await sandbox.run('openssl', ['req', '-x509', ...newKey, '-subj', '/CN=site.test', ...pair]);
  t.is(made.exit, 0, made.stderr);
  const nginx = path.join(sandbox.directory, 'nginx.conf');
  fs.writeFileSync(
    nginx,
    `events {}\nhttp { server { listen 127.0.0.1:${port} ssl; server_name site.test; ssl_certificate ${pair[3]}; ssl_certificate_key ${pair[1]}; } }\n`,
  );
  const config = path.join(sandbox.directory, 'agent.toml');
  fs.writeFileSync(
    config,
    `probe_timeout_seconds = 2\n[nginx]\nconfig = "${nginx}"\n[certbot]\nconfig_directory = "/nonexistent/letsencrypt"\n[apache]\nconfig = "/nonexistent/a"\n[haproxy]\nconfig = "/nonexistent/h"\n`,
  );
  const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
  const argv = [process.execPath, program, 'check', '--config', config];
  const [watched, piped] = await Promise.all([
    sandbox.run('/usr/bin/python3', ['-c', onTerminal, ...argv], {
      env: { PATH: '/usr/bin:/bin', TERM: 'xterm', LANG: 'C.UTF-8' },
    }),
    runAgent(sandbox, ['check', '--config', config]),
  ]);
  t.is(watched.exit, 2, watched.stdout);
  t.true(watched.stdout.includes('\r\u001b[Kasked 0 of 1 endpoints'), JSON.stringify(watched.stdout));
  const [, after = ''] = watched.stdout.split(/asked \d of 1 endpoints[^\r]*\r\u001b\[K(?!asked)/);
  t.regex(after, /listener-unbound/);
  t.false(after.includes('asked'), 'the line is gone before the verdict');
  t.true(watched.stdout.includes('\u001b[31m'), 'a terminal gets colour');
  t.is(piped.stderr, '');
  t.false(piped.stdout.includes('\u001b') || piped.stdout.includes('asked 0'), piped.stdout);
});
