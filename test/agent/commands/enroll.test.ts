import fs from 'node:fs';
import test from 'ava';
import { runAgent } from '../../helpers/host.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';

const pin = 'A'.repeat(43);
const token = 'B'.repeat(43);

test('a join string that cannot be used is one line that tells why, and never the token', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const config = `${sandbox.directory}/agent.toml`;
  fs.writeFileSync(config, `state_directory = "${sandbox.directory}/state"\n`);
  const cases: [string, number, RegExp][] = [
    ['nonsense', 64, /not a join string/],
    [`certherd://127.0.0.1/${pin}.${token}`, 64, /"127\.0\.0\.1" is not HOST:PORT/],
    [`certherd://127.0.0.1:99999/${pin}.${token}`, 64, /"127\.0\.0\.1:99999" is not HOST:PORT/],
    [`certherd://127.0.0.1:0/${pin}.${token}`, 64, /is not HOST:PORT/],
    [`certherd://127.0.0.1:8443/${pin}.${token.slice(1)}`, 64, /cut off or altered/],
    [`certherd://127.0.0.1:1/${pin}.${token}`, 1, /127\.0\.0\.1:1 cannot be reached .* The token was not sent/],
  ];
  for (const [join, exit, words] of cases) {
    const ran = await runAgent(sandbox, ['enroll', join, '--config', config]);
    t.is(ran.exit, exit, join);
    t.regex(ran.stderr, words);
    t.is(ran.stderr.trim().split('\n').length, 1, ran.stderr);
    t.false(ran.stderr.includes('BBBB'));
  }
  t.deepEqual(
    fs.readdirSync(`${sandbox.directory}/state`).filter((name) => name !== 'agent-key.pem'),
    [],
  );
});
